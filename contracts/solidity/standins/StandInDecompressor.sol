// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {FastLz} from "../session/FastLz.sol";

/// Shows what the session module reads out of compressed data.
contract StandInDecompressor {
    function decompress(bytes calldata data) external pure returns (bytes memory) {
        return FastLz.decompress(data);
    }
}
