// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy, IERC1271, IERC1271Policy, IModule, IUserOpPolicy} from "../Interfaces.sol";
import {Digests} from "./Digests.sol";
import {FastLz} from "./FastLz.sol";
import {Ids} from "./Ids.sol";
import {SessionPolicies} from "./SessionPolicies.sol";
import {
    ActionData,
    EnableSession,
    ERC7739Context,
    ERC7739Data,
    PolicyData,
    PolicyType,
    Session,
    SmartSessionMode
} from "./Types.sol";
import {WordSet, WordSets} from "./WordSet.sol";

/// Enables sessions of the sender: by its own call, or by its owner's signature inside an operation.
///
/// `attested` says whether the account's registry is asked about each module.
abstract contract SessionEnable is SessionPolicies {
    using WordSets for WordSet;

    uint256 internal constant STATELESS_VALIDATOR = 7;

    bytes4 internal constant ERC1271_VALID = 0x1626ba7e;

    event SessionCreated(bytes32 permissionId, address account);
    event SessionValidatorEnabled(bytes32 permissionId, address sessionValidator, address account);
    event PermissionIdPermit4337Paymaster(bytes32 permissionId, address smartAccount, bool enabled);

    function _enableSessions(Session[] memory sessions, bool attested) internal returns (bytes32[] memory ids) {
        if (sessions.length == 0) revert InvalidData();
        ids = new bytes32[](sessions.length);
        for (uint256 i; i < sessions.length; ++i) {
            ids[i] = Ids.permission(sessions[i]);
            _enable(ids[i], sessions[i], attested);
            emit SessionCreated(ids[i], msg.sender);
        }
    }

    /// Enables the session that a signature carries, and gives the session key's part of it.
    function _enableBySignature(SmartSessionMode mode, bytes calldata compressed)
        internal
        returns (bytes32 permissionId, bytes memory sessionSignature)
    {
        EnableSession memory data;
        (data, sessionSignature) = abi.decode(FastLz.decompress(compressed), (EnableSession, bytes));
        permissionId = Ids.permission(data.sessionToEnable);
        _requireOwner(permissionId, mode, data);
        _enable(permissionId, data.sessionToEnable, mode == SmartSessionMode.ENABLE);
    }

    /// The digest is computed here and compared with the listed one, so a signature made for an earlier nonce fails.
    function _requireOwner(bytes32 permissionId, SmartSessionMode mode, EnableSession memory data) private {
        uint256 nonce = _nonces[msg.sender][permissionId]++;
        bytes32 digest = Digests.session(data.sessionToEnable, msg.sender, mode, nonce);
        uint64 chainId = data.hashesAndChainIds[data.chainDigestIndex].chainId;
        if (chainId != block.chainid) revert ChainIdMismatch(chainId);
        bytes32 listed = data.hashesAndChainIds[data.chainDigestIndex].sessionDigest;
        if (listed != digest) revert HashMismatch(listed, digest);
        bytes32 hash = Digests.multiChain(data.hashesAndChainIds);
        if (IERC1271(msg.sender).isValidSignature(hash, data.permissionEnableSig) != ERC1271_VALID) {
            revert InvalidEnableSignature(msg.sender, hash);
        }
    }

    function _enable(bytes32 permissionId, Session memory session, bool attested) private {
        _enableUserOpPolicies(permissionId, session.userOpPolicies, attested);
        _enableERC1271Policies(permissionId, session.erc7739Policies, attested);
        _enableActions(permissionId, session.actions, attested);
        _permitPaymaster(permissionId, session.permitERC4337Paymaster);
        _enableValidator(permissionId, session, attested);
        _permissionIds[msg.sender].add(permissionId);
    }

    function _enableUserOpPolicies(bytes32 permissionId, PolicyData[] memory policies, bool attested) internal {
        bytes32 configId = Ids.userOpConfig(msg.sender, permissionId);
        Slot memory slot = Slot(permissionId, configId, PolicyType.USER_OP, type(IUserOpPolicy).interfaceId, attested);
        _enablePolicies(_permission(msg.sender, permissionId).userOpPolicies, slot, policies);
    }

    function _enableERC1271Policies(bytes32 permissionId, ERC7739Data memory data, bool attested) internal {
        Permission storage permission = _permission(msg.sender, permissionId);
        for (uint256 i; i < data.allowedERC7739Content.length; ++i) {
            ERC7739Context memory context = data.allowedERC7739Content[i];
            permission.appDomains.add(context.appDomainSeparator);
            WordSet storage contents = permission.contents[context.appDomainSeparator];
            for (uint256 j; j < context.contentNames.length; ++j) contents.add(Ids.content(context.contentNames[j]));
        }
        bytes32 configId = Ids.erc1271Config(msg.sender, permissionId);
        Slot memory slot = Slot(permissionId, configId, PolicyType.ERC1271, type(IERC1271Policy).interfaceId, attested);
        _enablePolicies(permission.erc1271Policies, slot, data.erc1271Policies);
    }

    function _enableActions(bytes32 permissionId, ActionData[] memory actions, bool attested) internal {
        Permission storage permission = _permission(msg.sender, permissionId);
        for (uint256 i; i < actions.length; ++i) {
            address target = actions[i].actionTarget;
            // Calls to this module are the admin fallback's alone.
            if (target == address(0) || target == address(this)) revert InvalidActionId();
            bytes32 actionId = Ids.action(target, actions[i].actionTargetSelector);
            permission.actions.add(actionId);
            bytes32 configId = Ids.actionConfig(msg.sender, permissionId, actionId);
            Slot memory slot =
                Slot(permissionId, configId, PolicyType.ACTION, type(IActionPolicy).interfaceId, attested);
            _enablePolicies(permission.actionPolicies[actionId], slot, actions[i].actionPolicies);
        }
    }

    function _permitPaymaster(bytes32 permissionId, bool permitted) internal {
        _permission(msg.sender, permissionId).paymasterPermitted = permitted;
        emit PermissionIdPermit4337Paymaster(permissionId, msg.sender, permitted);
    }

    /// A validator that is set stays: its address and data are part of the permission's id.
    function _enableValidator(bytes32 permissionId, Session memory session, bool attested) private {
        Permission storage permission = _permission(msg.sender, permissionId);
        if (permission.validator != address(0)) return;
        address validator = session.sessionValidator;
        if (validator == address(0) || !IModule(validator).isModuleType(STATELESS_VALIDATOR)) {
            revert InvalidISessionValidator(validator);
        }
        if (attested) _requireAttestation(msg.sender, validator, STATELESS_VALIDATOR);
        permission.validator = validator;
        permission.validatorData = session.sessionValidatorInitData;
        emit SessionValidatorEnabled(permissionId, validator, msg.sender);
    }
}
