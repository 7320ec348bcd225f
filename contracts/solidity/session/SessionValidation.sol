// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Call, Execution} from "../Execution.sol";
import {IActionPolicy, IStatelessValidator, IUserOpPolicy, PackedUserOperation} from "../Interfaces.sol";
import {Ids} from "./Ids.sol";
import {SessionEnable} from "./SessionEnable.sol";
import {SmartSessionMode} from "./Types.sol";
import {WordSet} from "./WordSet.sol";

/// Judges an operation of the sender: its policies first, the session key's signature last.
abstract contract SessionValidation is SessionEnable {
    uint256 private constant SIG_VALIDATION_FAILED = 1;

    /// Refuses a call type that is neither a single call nor a batch, in the generation's own words.
    function _refuseCallType(bytes1 callType) internal pure virtual;

    function validateUserOp(PackedUserOperation calldata op, bytes32 userOpHash) external returns (uint256) {
        if (op.sender != msg.sender) revert InvalidUserOpSender(op.sender);
        (bytes32 permissionId, bytes memory sessionSignature) = _open(op.signature);
        _requireEnabled(msg.sender, permissionId);
        Validation memory validation = Validation(permissionId, _always());
        _checkUserOp(validation, op);
        _checkCallData(validation, op.callData);
        bool signed = _isSignedBySession(permissionId, userOpHash, sessionSignature);
        return signed ? validation.window : SIG_VALIDATION_FAILED;
    }

    /// `mode ++ permission id ++ session signature`, or `mode ++ compressed enable data`.
    function _open(bytes calldata signature) private returns (bytes32 permissionId, bytes memory sessionSignature) {
        SmartSessionMode mode = SmartSessionMode(uint8(bytes1(signature[0:1])));
        if (mode == SmartSessionMode.USE) return (bytes32(signature[1:33]), signature[33:]);
        return _enableBySignature(mode, signature[1:]);
    }

    /// Policies of the operation as a whole; a paymaster needs the permission's leave and at least one such policy.
    function _checkUserOp(Validation memory validation, PackedUserOperation calldata op) private {
        bytes32 permissionId = validation.permissionId;
        Permission storage permission = _permission(msg.sender, permissionId);
        bytes32[] memory policies = permission.userOpPolicies.values;
        if (op.paymasterAndData.length > 0) {
            if (!permission.paymasterPermitted) revert PaymasterValidationNotEnabled(permissionId);
            if (policies.length == 0) revert NoPoliciesSet(permissionId);
        }
        if (policies.length == 0) return;
        bytes memory question =
            abi.encodeCall(IUserOpPolicy.checkUserOpPolicy, (Ids.userOpConfig(msg.sender, permissionId), op));
        for (uint256 i; i < policies.length; ++i) _check(validation, policies[i], question);
    }

    function _checkCallData(Validation memory validation, bytes calldata callData) private {
        bytes4 selector = bytes4(callData[0:4]);
        if (selector == Execution.EXECUTE_USER_OP) revert UnsupportedExecutionType();
        if (selector != Execution.EXECUTE) return _checkAccountCall(validation, selector, callData);
        (bytes32 mode, bytes calldata execution) = Execution.decode(callData);
        if (Execution.execType(mode) != Execution.REVERT_ON_FAILURE) revert UnsupportedExecutionType();
        bytes1 callType = Execution.callType(mode);
        if (callType == Execution.SINGLE) {
            (address target, uint256 value, bytes calldata data) = Execution.decodeSingle(execution);
            return _checkCall(validation, target, value, data);
        }
        if (callType != Execution.BATCH) _refuseCallType(callType);
        Call[] calldata calls = Execution.decodeBatch(execution);
        if (calls.length == 0) revert NoExecutionsInBatch();
        for (uint256 i; i < calls.length; ++i) {
            _checkCall(validation, calls[i].target, calls[i].value, calls[i].data);
        }
    }

    /// A function of the account other than `execute`: an action on the account itself, without any fallback.
    function _checkAccountCall(Validation memory validation, bytes4 selector, bytes calldata callData) private {
        bytes32 actionId = Ids.action(msg.sender, selector);
        if (_policiesOf(validation.permissionId, actionId).length == 0) revert NoPoliciesSet(validation.permissionId);
        _checkAction(validation, actionId, msg.sender, 0, callData);
    }

    function _checkCall(Validation memory validation, address target, uint256 value, bytes calldata data) private {
        bytes4 selector = data.length < 4 ? Ids.VALUE_SELECTOR : bytes4(data[0:4]);
        if (target == msg.sender && selector == Execution.EXECUTE) revert InvalidSelfCall();
        if (target == Ids.FALLBACK_TARGET) revert InvalidTarget();
        bytes32 actionId = _actionOf(validation.permissionId, target, selector);
        _checkAction(validation, actionId, target, value, data);
    }

    /// The action whose policies decide about a call: its own if it has policies, else the fallback.
    function _actionOf(bytes32 permissionId, address target, bytes4 selector) private view returns (bytes32 actionId) {
        if (target == address(this)) {
            actionId = Ids.action(Ids.FALLBACK_TARGET, Ids.ADMIN_FALLBACK_SELECTOR);
        } else {
            actionId = Ids.action(target, selector);
            if (_policiesOf(permissionId, actionId).length > 0) return actionId;
            actionId = Ids.action(Ids.FALLBACK_TARGET, Ids.FALLBACK_SELECTOR);
        }
        if (_policiesOf(permissionId, actionId).length == 0) revert NoPoliciesSet(permissionId);
    }

    function _checkAction(
        Validation memory validation,
        bytes32 actionId,
        address target,
        uint256 value,
        bytes calldata data
    ) private {
        bytes32 configId = Ids.actionConfig(msg.sender, validation.permissionId, actionId);
        bytes memory question = abi.encodeCall(IActionPolicy.checkAction, (configId, msg.sender, target, value, data));
        bytes32[] memory policies = _policiesOf(validation.permissionId, actionId);
        for (uint256 i; i < policies.length; ++i) _check(validation, policies[i], question);
    }

    function _policiesOf(bytes32 permissionId, bytes32 actionId) private view returns (bytes32[] storage) {
        return _permission(msg.sender, permissionId).actionPolicies[actionId].values;
    }

    function _isSignedBySession(bytes32 permissionId, bytes32 hash, bytes memory sessionSignature)
        internal
        view
        returns (bool)
    {
        Permission storage permission = _permission(msg.sender, permissionId);
        if (permission.validator == address(0)) revert SignerNotFound(permissionId, msg.sender);
        return IStatelessValidator(permission.validator).validateSignatureWithData(
            hash, sessionSignature, permission.validatorData
        );
    }
}
