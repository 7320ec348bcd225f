// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Digests} from "./Digests.sol";
import {Ids} from "./Ids.sol";
import {SessionStorage} from "./SessionStorage.sol";
import {ActionData, PolicyData, Session, SmartSessionMode} from "./Types.sol";
import {WordSet, WordSets} from "./WordSet.sol";

/// What anyone can ask about an account's sessions.
abstract contract SessionViews is SessionStorage {
    using WordSets for WordSet;

    uint256 private constant VALIDATOR = 1;

    struct EnabledERC7739Content {
        bytes32 appDomainSeparator;
        bytes32[] contentNameHashes;
    }

    function isModuleType(uint256 typeId) external pure returns (bool) {
        return typeId == VALIDATOR;
    }

    function isInitialized(address account) external view returns (bool) {
        return _permissionIds[account].values.length > 0;
    }

    function getPermissionId(Session memory session) external pure returns (bytes32) {
        return Ids.permission(session);
    }

    function getNonce(bytes32 permissionId, address account) external view returns (uint256) {
        return _nonces[account][permissionId];
    }

    /// The permission id names the nonce; nothing compares it with the session.
    function getSessionDigest(bytes32 permissionId, address account, Session memory data, SmartSessionMode mode)
        external
        view
        returns (bytes32)
    {
        return Digests.session(data, account, mode, _nonces[account][permissionId]);
    }

    function getPermissionIDs(address account) external view returns (bytes32[] memory) {
        return _permissionIds[account].values;
    }

    function isPermissionEnabled(bytes32 permissionId, address account) external view returns (bool) {
        return _isEnabled(account, permissionId);
    }

    function isISessionValidatorSet(bytes32 permissionId, address account) external view returns (bool) {
        return _permission(account, permissionId).validator != address(0);
    }

    function getSessionValidatorAndConfig(address account, bytes32 permissionId)
        external
        view
        returns (address sessionValidator, bytes memory sessionValidatorData)
    {
        Permission storage permission = _permission(account, permissionId);
        return (permission.validator, permission.validatorData);
    }

    function getUserOpPolicies(address account, bytes32 permissionId) external view returns (address[] memory) {
        return _permission(account, permissionId).userOpPolicies.addresses();
    }

    function getERC1271Policies(address account, bytes32 permissionId) external view returns (address[] memory) {
        return _permission(account, permissionId).erc1271Policies.addresses();
    }

    function getActionPolicies(address account, bytes32 permissionId, bytes32 actionId)
        external
        view
        returns (address[] memory)
    {
        return _permission(account, permissionId).actionPolicies[actionId].addresses();
    }

    function getEnabledActions(address account, bytes32 permissionId) external view returns (bytes32[] memory) {
        return _permission(account, permissionId).actions.values;
    }

    function getEnabledERC7739Content(address account, bytes32 permissionId)
        external
        view
        returns (EnabledERC7739Content[] memory enabled)
    {
        Permission storage permission = _permission(account, permissionId);
        bytes32[] memory domains = permission.appDomains.values;
        enabled = new EnabledERC7739Content[](domains.length);
        for (uint256 i; i < domains.length; ++i) {
            enabled[i] = EnabledERC7739Content(domains[i], permission.contents[domains[i]].values);
        }
    }

    function isUserOpPolicyEnabled(address account, bytes32 permissionId, address policy)
        external
        view
        returns (bool)
    {
        return _permission(account, permissionId).userOpPolicies.contains(policy);
    }

    function isERC1271PolicyEnabled(address account, bytes32 permissionId, address policy)
        external
        view
        returns (bool)
    {
        return _permission(account, permissionId).erc1271Policies.contains(policy);
    }

    function isActionIdEnabled(address account, bytes32 permissionId, bytes32 actionId) external view returns (bool) {
        return _permission(account, permissionId).actions.contains(actionId);
    }

    function isActionPolicyEnabled(address account, bytes32 permissionId, bytes32 actionId, address policy)
        external
        view
        returns (bool)
    {
        return _permission(account, permissionId).actionPolicies[actionId].contains(policy);
    }

    function isERC7739ContentEnabled(
        address account,
        bytes32 permissionId,
        bytes32 appDomainSeparator,
        string memory content
    ) external view returns (bool) {
        return _permission(account, permissionId).contents[appDomainSeparator].contains(Ids.content(content));
    }

    /// By address; the init data is not compared.
    function areUserOpPoliciesEnabled(address account, bytes32 permissionId, PolicyData[] memory policies)
        external
        view
        returns (bool)
    {
        return _containsAll(_permission(account, permissionId).userOpPolicies, policies);
    }

    function areERC1271PoliciesEnabled(address account, bytes32 permissionId, PolicyData[] memory policies)
        external
        view
        returns (bool)
    {
        return _containsAll(_permission(account, permissionId).erc1271Policies, policies);
    }

    function areActionsEnabled(address account, bytes32 permissionId, ActionData[] memory actions)
        external
        view
        returns (bool)
    {
        Permission storage permission = _permission(account, permissionId);
        for (uint256 i; i < actions.length; ++i) {
            bytes32 actionId = Ids.action(actions[i].actionTarget, actions[i].actionTargetSelector);
            if (!permission.actions.contains(actionId)) return false;
            if (!_containsAll(permission.actionPolicies[actionId], actions[i].actionPolicies)) return false;
        }
        return true;
    }

    function _containsAll(WordSet storage set, PolicyData[] memory policies) private view returns (bool) {
        for (uint256 i; i < policies.length; ++i) {
            if (!set.contains(policies[i].policy)) return false;
        }
        return true;
    }
}
