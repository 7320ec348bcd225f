// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {WordSet, WordSets} from "./WordSet.sol";

/// What the module keeps for each permission of each account, and the names it has for what can go wrong.
///
/// Storage is laid out for readers; it does not keep to the storage rules of ERC-7562.
abstract contract SessionStorage {
    using WordSets for WordSet;

    struct Permission {
        address validator;
        bytes validatorData;
        bool paymasterPermitted;
        WordSet userOpPolicies;
        WordSet erc1271Policies;
        WordSet actions;
        mapping(bytes32 actionId => WordSet) actionPolicies;
        WordSet appDomains;
        mapping(bytes32 appDomainSeparator => WordSet) contents;
    }

    mapping(address account => WordSet) internal _permissionIds;
    mapping(address account => mapping(bytes32 permissionId => Permission)) private _permissions;
    mapping(address account => mapping(bytes32 permissionId => uint256)) internal _nonces;

    error AssociatedArray_OutOfBounds(uint256 index);
    error ChainIdMismatch(uint64 providedChainId);
    error ForbiddenValidationData();
    error HashIndexOutOfBounds(uint256 index);
    error HashMismatch(bytes32 providedHash, bytes32 computedHash);
    error InvalidActionId();
    error InvalidData();
    error InvalidEnableSignature(address account, bytes32 hash);
    error InvalidISessionValidator(address sessionValidator);
    error InvalidMode();
    error InvalidPermissionId(bytes32 permissionId);
    error InvalidSelfCall();
    error InvalidSession(bytes32 permissionId);
    error InvalidTarget();
    error InvalidUserOpSender(address sender);
    error NoExecutionsInBatch();
    error NoPoliciesSet(bytes32 permissionId);
    error PaymasterValidationNotEnabled(bytes32 permissionId);
    error PolicyCheckReverted(bytes32 revertData);
    error PolicyViolation(bytes32 permissionId, address policy);
    error SignerNotFound(bytes32 permissionId, address account);
    error SmartSessionModuleAlreadyInstalled(address account);
    error UnsupportedExecutionType();
    error UnsupportedPolicy(address policy);

    modifier onlyEnabled(bytes32 permissionId) {
        _requireEnabled(msg.sender, permissionId);
        _;
    }

    function _permission(address account, bytes32 permissionId) internal view returns (Permission storage) {
        return _permissions[account][permissionId];
    }

    function _isEnabled(address account, bytes32 permissionId) internal view returns (bool) {
        return _permissionIds[account].contains(permissionId);
    }

    function _requireEnabled(address account, bytes32 permissionId) internal view {
        if (!_isEnabled(account, permissionId)) revert InvalidPermissionId(permissionId);
    }
}
