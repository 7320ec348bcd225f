// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {TimeFrameBase} from "./TimeFrameBase.sol";

/// Current generation. Init data: end (6 bytes) ++ start (6 bytes), big-endian; anything after them is ignored.
contract TimeFrame is TimeFrameBase {
    function _decode(bytes calldata initData) internal pure override returns (uint256 validUntil, uint256 validAfter) {
        validUntil = uint48(bytes6(initData[0:6]));
        validAfter = uint48(bytes6(initData[6:12]));
    }
}
