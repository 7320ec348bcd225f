// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IERC165, IPolicy} from "../Interfaces.sol";
import {SessionStorage} from "./SessionStorage.sol";
import {PolicyData, PolicyType} from "./Types.sol";
import {WordSet, WordSets} from "./WordSet.sol";

/// Puts policies into slots, and asks them.
abstract contract SessionPolicies is SessionStorage {
    using WordSets for WordSet;

    /// A validation result that stands for "ask again" inside the deployed module; no policy may give it.
    uint256 private constant RETRY = 0x50FFBAAD;

    uint256 private constant NO_END = type(uint48).max;

    event PolicyEnabled(bytes32 permissionId, PolicyType policyType, address policy, address account);
    event PolicyDisabled(bytes32 permissionId, PolicyType policyType, address policy, address account);

    /// A slot of an account's permission, as the functions here need it.
    struct Slot {
        bytes32 permissionId;
        bytes32 configId;
        PolicyType policyType;
        bytes4 interfaceId;
        bool attested;
    }

    /// An operation on its way through the policies.
    struct Validation {
        bytes32 permissionId;
        /// The window of all policies so far, packed as the EntryPoint expects it.
        uint256 window;
    }

    /// Refuses a module that the account's registry does not attest, in the generation that asks one.
    function _requireAttestation(address account, address module, uint256 moduleType) internal view virtual;

    /// Adds policies to the sender's slot. One that is there already gets the new init data.
    function _enablePolicies(WordSet storage set, Slot memory slot, PolicyData[] memory policies) internal {
        for (uint256 i; i < policies.length; ++i) {
            address policy = policies[i].policy;
            if (!_supports(policy, slot.interfaceId)) revert UnsupportedPolicy(policy);
            if (slot.attested) _requireAttestation(msg.sender, policy, 0);
            set.add(policy);
            IPolicy(policy).initializeWithMultiplexer(msg.sender, slot.configId, policies[i].initData);
            emit PolicyEnabled(slot.permissionId, slot.policyType, policy, msg.sender);
        }
    }

    function _disablePolicies(
        WordSet storage set,
        bytes32 permissionId,
        PolicyType policyType,
        address[] memory policies
    ) internal {
        for (uint256 i; i < policies.length; ++i) {
            if (set.remove(policies[i])) emit PolicyDisabled(permissionId, policyType, policies[i], msg.sender);
        }
    }

    /// Asks one policy, and narrows the window by its answer.
    function _check(Validation memory validation, bytes32 policyWord, bytes memory question) internal {
        address policy = address(uint160(uint256(policyWord)));
        (bool success, bytes memory answer) = policy.call(question);
        if (!success) revert PolicyCheckReverted(_firstWord(answer));
        uint256 result = abi.decode(answer, (uint256));
        if (result == RETRY) revert ForbiddenValidationData();
        if (uint160(result) != 0) revert PolicyViolation(validation.permissionId, policy);
        validation.window = _intersect(validation.window, result);
    }

    /// The window without bounds.
    function _always() internal pure returns (uint256) {
        return NO_END << 160;
    }

    /// The later start and the earlier end; an end of zero is none.
    function _intersect(uint256 a, uint256 b) private pure returns (uint256) {
        (uint256 afterA, uint256 afterB) = (a >> 208, b >> 208);
        (uint256 untilA, uint256 untilB) = (uint48(a >> 160), uint48(b >> 160));
        if (untilA == 0) untilA = NO_END;
        if (untilB == 0) untilB = NO_END;
        return (afterA > afterB ? afterA : afterB) << 208 | (untilA < untilB ? untilA : untilB) << 160;
    }

    /// Padded with zeros when there is less.
    function _firstWord(bytes memory data) private pure returns (bytes32 word) {
        word = bytes32(data);
    }

    function _supports(address policy, bytes4 interfaceId) private view returns (bool) {
        (bool success, bytes memory answer) =
            policy.staticcall(abi.encodeCall(IERC165.supportsInterface, (interfaceId)));
        return success && answer.length == 32 && uint256(bytes32(answer)) == 1;
    }
}
