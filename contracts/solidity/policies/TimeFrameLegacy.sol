// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {TimeFrameBase} from "./TimeFrameBase.sol";

/// First generation. Init data: end (16 bytes) ++ start (16 bytes), big-endian; anything after them is ignored.
///
/// No record of the deployed contract's behaviour exists. This one takes the form that clients of that generation
/// send, refuses shorter data without a reason and times beyond 48 bits as not initialised, and checks like the
/// current generation.
contract TimeFrameLegacy is TimeFrameBase {
    function _decode(bytes calldata initData) internal pure override returns (uint256 validUntil, uint256 validAfter) {
        validUntil = uint128(bytes16(initData[0:16]));
        validAfter = uint128(bytes16(initData[16:32]));
    }
}
