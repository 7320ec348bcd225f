// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ids} from "./Ids.sol";
import {SessionEnable} from "./SessionEnable.sol";
import {ActionData, ERC7739Context, ERC7739Data, PolicyData, PolicyType, Session, SmartSessionMode} from "./Types.sol";
import {WordSet, WordSets} from "./WordSet.sol";

/// What an account calls to manage its own sessions.
abstract contract SessionManagement is SessionEnable {
    using WordSets for WordSet;

    event SessionRemoved(bytes32 permissionId, address smartAccount);
    event SessionValidatorDisabled(bytes32 permissionId, address sessionValidator, address smartAccount);
    event ActionIdDisabled(bytes32 permissionId, bytes32 actionId, address smartAccount);
    event NonceIterated(bytes32 permissionId, address account, uint256 newValue);

    /// Empty, or a mode byte other than zero and ABI-encoded sessions.
    function onInstall(bytes calldata data) external {
        if (_permissionIds[msg.sender].values.length > 0) revert SmartSessionModuleAlreadyInstalled(msg.sender);
        if (data.length == 0) return;
        SmartSessionMode mode = SmartSessionMode(uint8(data[0]));
        if (mode == SmartSessionMode.USE) revert InvalidMode();
        _enableSessions(abi.decode(data[1:], (Session[])), mode == SmartSessionMode.ENABLE);
    }

    function onUninstall(bytes calldata) external {
        bytes32[] memory ids = _permissionIds[msg.sender].values;
        for (uint256 i; i < ids.length; ++i) _remove(ids[i]);
    }

    function enableSessions(Session[] memory sessions) external returns (bytes32[] memory permissionIds) {
        return _enableSessions(sessions, true);
    }

    /// Also of a permission that is not enabled.
    function removeSession(bytes32 permissionId) external {
        if (permissionId == 0) revert InvalidSession(permissionId);
        _remove(permissionId);
    }

    /// Makes what the owner has signed for the present nonce worthless.
    function revokeEnableSignature(bytes32 permissionId) external {
        uint256 nonce = ++_nonces[msg.sender][permissionId];
        emit NonceIterated(permissionId, msg.sender, nonce);
    }

    function setPermit4337Paymaster(bytes32 permissionId, bool enabled) external onlyEnabled(permissionId) {
        _permitPaymaster(permissionId, enabled);
    }

    function enableUserOpPolicies(bytes32 permissionId, PolicyData[] memory policies)
        external
        onlyEnabled(permissionId)
    {
        _enableUserOpPolicies(permissionId, policies, true);
    }

    function enableERC1271Policies(bytes32 permissionId, ERC7739Data memory data)
        external
        onlyEnabled(permissionId)
    {
        _enableERC1271Policies(permissionId, data, true);
    }

    function enableActionPolicies(bytes32 permissionId, ActionData[] memory actions)
        external
        onlyEnabled(permissionId)
    {
        _enableActions(permissionId, actions, true);
    }

    function disableUserOpPolicies(bytes32 permissionId, address[] memory policies)
        external
        onlyEnabled(permissionId)
    {
        _disablePolicies(
            _permission(msg.sender, permissionId).userOpPolicies, permissionId, PolicyType.USER_OP, policies
        );
    }

    function disableERC1271Policies(bytes32 permissionId, address[] memory policies, ERC7739Context[] memory contexts)
        external
        onlyEnabled(permissionId)
    {
        Permission storage permission = _permission(msg.sender, permissionId);
        _disablePolicies(permission.erc1271Policies, permissionId, PolicyType.ERC1271, policies);
        for (uint256 i; i < contexts.length; ++i) {
            bytes32 domain = contexts[i].appDomainSeparator;
            WordSet storage contents = permission.contents[domain];
            for (uint256 j; j < contexts[i].contentNames.length; ++j) {
                contents.remove(Ids.content(contexts[i].contentNames[j]));
            }
            if (contents.values.length == 0) permission.appDomains.remove(domain);
        }
    }

    function disableActionPolicies(bytes32 permissionId, bytes32 actionId, address[] memory policies)
        external
        onlyEnabled(permissionId)
    {
        Permission storage permission = _permission(msg.sender, permissionId);
        _disablePolicies(permission.actionPolicies[actionId], permissionId, PolicyType.ACTION, policies);
        if (permission.actionPolicies[actionId].values.length == 0) permission.actions.remove(actionId);
    }

    function disableActionId(bytes32 permissionId, bytes32 actionId) external onlyEnabled(permissionId) {
        Permission storage permission = _permission(msg.sender, permissionId);
        permission.actionPolicies[actionId].clear();
        permission.actions.remove(actionId);
        emit ActionIdDisabled(permissionId, actionId, msg.sender);
    }

    /// Everything but the nonce, which must not go back to a value that was signed.
    function _remove(bytes32 permissionId) private {
        Permission storage permission = _permission(msg.sender, permissionId);
        permission.userOpPolicies.clear();
        permission.erc1271Policies.clear();
        for (uint256 i; i < permission.actions.values.length; ++i) {
            permission.actionPolicies[permission.actions.values[i]].clear();
        }
        permission.actions.clear();
        for (uint256 i; i < permission.appDomains.values.length; ++i) {
            permission.contents[permission.appDomains.values[i]].clear();
        }
        permission.appDomains.clear();
        permission.paymasterPermitted = false;
        if (permission.validator != address(0)) {
            emit SessionValidatorDisabled(permissionId, permission.validator, msg.sender);
            delete permission.validator;
            delete permission.validatorData;
        }
        _permissionIds[msg.sender].remove(permissionId);
        emit SessionRemoved(permissionId, msg.sender);
    }
}
