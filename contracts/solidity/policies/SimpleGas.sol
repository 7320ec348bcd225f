// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IUserOpPolicy, PackedUserOperation} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";

/// A budget of gas and a budget of what the gas costs, over all operations of a session.
///
/// Init data: gas (16 bytes) ++ cost in wei (16 bytes), big-endian.
contract SimpleGas is Policy, IUserOpPolicy {
    struct Budget {
        uint128 gasLimit;
        uint128 costLimit;
        uint256 gasUsed;
        uint256 costUsed;
    }

    /// A paymaster's address and its two gas limits.
    uint256 private constant PAYMASTER_HEAD = 52;

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Budget))) private _budgets;

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        if (initData.length < 32) revert PolicyNotInitialized(configId, msg.sender, account);
        uint128 gasLimit = uint128(bytes16(initData[0:16]));
        uint128 costLimit = uint128(bytes16(initData[16:32]));
        if (gasLimit == 0 || costLimit == 0) revert PolicyNotInitialized(configId, msg.sender, account);
        _budgets[configId][msg.sender][account] = Budget(gasLimit, costLimit, 0, 0);
        emit PolicySet(configId, msg.sender, account);
    }

    function getGasConfig(bytes32 configId, address multiplexer, address account)
        external
        view
        returns (uint128 gasLimit, uint128 gasUsed, uint128 costLimit, uint128 costUsed)
    {
        Budget storage budget = _budgets[configId][multiplexer][account];
        // What is used never passes its limit.
        return (budget.gasLimit, uint128(budget.gasUsed), budget.costLimit, uint128(budget.costUsed));
    }

    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external returns (uint256) {
        Budget storage budget = _budgets[id][msg.sender][op.sender];
        if (budget.gasLimit == 0) revert PolicyNotInitialized(id, msg.sender, op.sender);
        uint256 gas_ = _gas(op);
        uint256 gasUsed = budget.gasUsed + gas_;
        if (gasUsed > budget.gasLimit) return FAILED;
        uint256 costUsed = budget.costUsed + gas_ * _gasPrice(op.gasFees);
        if (costUsed > budget.costLimit) return FAILED;
        (budget.gasUsed, budget.costUsed) = (gasUsed, costUsed);
        return PASSED;
    }

    /// The most that an operation can use.
    function _gas(PackedUserOperation calldata op) private pure returns (uint256 total) {
        total = _high(op.accountGasLimits) + _low(op.accountGasLimits) + op.preVerificationGas;
        if (op.paymasterAndData.length >= PAYMASTER_HEAD) {
            bytes32 limits = bytes32(op.paymasterAndData[20:PAYMASTER_HEAD]);
            total += _high(limits) + _low(limits);
        }
    }

    function _gasPrice(bytes32 gasFees) private view returns (uint256) {
        (uint256 priorityFee, uint256 maxFee) = (_high(gasFees), _low(gasFees));
        if (priorityFee == maxFee) return maxFee;
        uint256 wanted = priorityFee + block.basefee;
        return wanted < maxFee ? wanted : maxFee;
    }

    function _high(bytes32 word) private pure returns (uint256) {
        return uint256(word) >> 128;
    }

    function _low(bytes32 word) private pure returns (uint256) {
        return uint128(uint256(word));
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IUserOpPolicy).interfaceId;
    }
}
