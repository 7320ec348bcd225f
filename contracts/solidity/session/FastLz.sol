// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// Decompresses FastLZ level 1 data: runs of literals and matches with earlier output.
///
/// Written for data that a compressor made: of damaged data it gives some output, which the ABI decoder then refuses.
library FastLz {
    function decompress(bytes calldata data) internal pure returns (bytes memory output) {
        assembly ("memory-safe") {
            output := mload(0x40)
            let start := add(output, 0x20)
            let to := start
            let from := data.offset
            let end := add(from, data.length)
            for {} lt(from, end) {} {
                let control := byte(0, calldataload(from))
                switch shr(5, control)
                case 0 {
                    // A run: the next `control + 1` bytes.
                    let length := add(control, 1)
                    calldatacopy(to, add(from, 1), length)
                    from := add(from, add(length, 1))
                    to := add(to, length)
                }
                default {
                    // A match: 13 bits of distance, 3 bits of length with the highest value continued in a byte.
                    let next := byte(1, calldataload(from))
                    let length := add(shr(5, control), 2)
                    let distance := shl(8, and(control, 31))
                    from := add(from, 2)
                    if eq(length, 9) {
                        length := add(length, next)
                        next := byte(0, calldataload(from))
                        from := add(from, 1)
                    }
                    let source := sub(sub(to, or(distance, next)), 1)
                    // Byte by byte, since source and target may overlap.
                    for { let matchEnd := add(to, length) } lt(to, matchEnd) {} {
                        mstore8(to, byte(0, mload(source)))
                        source := add(source, 1)
                        to := add(to, 1)
                    }
                }
            }
            mstore(output, sub(to, start))
            mstore(0x40, and(add(to, 31), not(31)))
        }
    }
}
