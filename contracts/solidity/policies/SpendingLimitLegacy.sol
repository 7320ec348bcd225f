// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {SpendingLimitBase} from "./SpendingLimitBase.sol";

/// First generation: a limit that is missing is an index out of bounds, a limit too many is ignored.
contract SpendingLimitLegacy is SpendingLimitBase {
    function _compareLengths(uint256, uint256) internal pure override {}

    function _amount(address, bytes4 selector, bytes calldata arguments)
        internal
        pure
        override
        returns (bool known, uint256 amount)
    {
        (known,, amount) = _transferOrApproval(selector, arguments);
    }
}
