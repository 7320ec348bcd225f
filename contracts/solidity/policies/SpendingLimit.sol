// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {SpendingLimitBase} from "./SpendingLimitBase.sol";

/// Current generation: knows `increaseAllowance`, and charges nothing for tokens that the account fetches for itself.
contract SpendingLimit is SpendingLimitBase {
    error InvalidInitDataLength();

    /// Refuses tokens that are not listed.
    function getPolicyData(bytes32 id, address multiplexer, address token, address account)
        external
        view
        returns (uint256 spendingLimit, uint256 alreadySpent, uint256 approvedAmount)
    {
        Budget storage budget = _configs[id][multiplexer][account].budgets[token];
        if (budget.limit == 0) revert InvalidTokenAddress(token);
        return (budget.limit, budget.spent, budget.approved);
    }

    function _compareLengths(uint256 tokens, uint256 limits) internal pure override {
        if (tokens != limits) revert InvalidInitDataLength();
    }

    function _amount(address account, bytes4 selector, bytes calldata arguments)
        internal
        pure
        override
        returns (bool known, uint256 amount)
    {
        if (selector == INCREASE_ALLOWANCE) {
            (, amount) = abi.decode(arguments, (address, uint256));
            return (true, amount);
        }
        address to;
        (known, to, amount) = _transferOrApproval(selector, arguments);
        if (selector == TRANSFER_FROM && to == account) amount = 0;
    }
}
