// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {SpendingLimitBase} from "./SpendingLimitBase.sol";

/// Current generation: knows `increaseAllowance`, and charges nothing for tokens that the account fetches for itself.
contract SpendingLimit is SpendingLimitBase {
    bytes4 private constant INCREASE_ALLOWANCE = 0x39509351;

    error InvalidInitDataLength();

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
