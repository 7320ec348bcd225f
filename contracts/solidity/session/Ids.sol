// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Session} from "./Types.sol";

/// Permissions, actions and policy configurations are named by hashes.
library Ids {
    /// Selector of a call whose data is too short to hold one.
    bytes4 internal constant VALUE_SELECTOR = 0xffffffff;

    /// Actions on this target are asked when a call has no action of its own.
    address internal constant FALLBACK_TARGET = address(1);
    bytes4 internal constant FALLBACK_SELECTOR = 0x00000001;
    /// ... and this one alone for calls to the session module.
    bytes4 internal constant ADMIN_FALLBACK_SELECTOR = 0x00000002;

    function permission(Session memory session) internal pure returns (bytes32) {
        return keccak256(abi.encode(session.sessionValidator, session.sessionValidatorInitData, session.salt));
    }

    function action(address target, bytes4 selector) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(target, selector));
    }

    function userOpConfig(address account, bytes32 permissionId) internal pure returns (bytes32) {
        return _config(account, permissionId);
    }

    function actionConfig(address account, bytes32 permissionId, bytes32 actionId) internal pure returns (bytes32) {
        return _config(account, keccak256(abi.encodePacked(permissionId, actionId)));
    }

    function erc1271Config(address account, bytes32 permissionId) internal pure returns (bytes32) {
        return _config(account, keccak256(abi.encodePacked("ERC1271: ", permissionId)));
    }

    function content(string memory name) internal pure returns (bytes32) {
        return keccak256(bytes(name));
    }

    function _config(address account, bytes32 policyId) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(account, policyId));
    }
}
