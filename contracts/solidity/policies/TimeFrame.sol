// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {TimeFrameBase} from "./TimeFrameBase.sol";

/// Current generation. Init data: end (6 bytes) ++ start (6 bytes), big-endian; anything after them is ignored.
contract TimeFrame is TimeFrameBase {
    /// Both times in the low 12 bytes, as the init data has them.
    function timeFrameConfigs(bytes32 id, address multiplexer, address account) external view returns (uint256) {
        Window storage window = _windows[id][multiplexer][account];
        return (uint256(window.validUntil) << 48) | window.validAfter;
    }

    function _decode(bytes calldata initData) internal pure override returns (uint256 validUntil, uint256 validAfter) {
        validUntil = uint48(bytes6(initData[0:6]));
        validAfter = uint48(bytes6(initData[6:12]));
    }
}
