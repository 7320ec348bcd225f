// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// One call of an ERC-7579 batch.
struct Call {
    address target;
    uint256 value;
    bytes data;
}

/// Reads the call data of an ERC-7579 account's `execute(bytes32 mode, bytes execution)`.
///
/// Everything but a batch reverts without data when it is cut short.
library Execution {
    error DecodingError();

    bytes4 internal constant EXECUTE = 0xe9ae5c53;
    bytes4 internal constant EXECUTE_USER_OP = 0x8dd7712f;

    bytes1 internal constant SINGLE = 0x00;
    bytes1 internal constant BATCH = 0x01;

    bytes1 internal constant REVERT_ON_FAILURE = 0x00;

    /// The mode's first byte.
    function callType(bytes32 mode) internal pure returns (bytes1) {
        return mode[0];
    }

    /// The mode's second byte.
    function execType(bytes32 mode) internal pure returns (bytes1) {
        return mode[1];
    }

    /// The two arguments of `execute`, still with its selector in front.
    function decode(bytes calldata callData) internal pure returns (bytes32 mode, bytes calldata execution) {
        mode = bytes32(callData[4:36]);
        execution = _tail(callData[4:], uint256(bytes32(callData[36:68])));
    }

    /// `target (20) ++ value (32) ++ data`.
    function decodeSingle(bytes calldata execution)
        internal
        pure
        returns (address target, uint256 value, bytes calldata data)
    {
        target = address(bytes20(execution[0:20]));
        value = uint256(bytes32(execution[20:52]));
        data = execution[52:];
    }

    /// ABI encoding of `Call[]`, refused as a whole when any part of it lies outside.
    function decodeBatch(bytes calldata execution) internal pure returns (Call[] calldata calls) {
        uint256 end = execution.length;
        uint256 list = _word(execution, 0, end);
        uint256 length = _word(execution, list, end);
        list += 32;
        if (length > (end - list) / 32) revert DecodingError();
        for (uint256 i; i < length; ++i) {
            // Offsets count from the list's first entry, and from the call's first word.
            uint256 call = list + _word(execution, list + i * 32, end);
            uint256 data = call + _word(execution, call + 64, end);
            uint256 dataLength = _word(execution, data, end);
            if (dataLength > end - data - 32) revert DecodingError();
        }
        assembly {
            calls.offset := add(execution.offset, list)
            calls.length := length
        }
    }

    /// The word at an offset that need not be inside; no result is so high that a sum of two could overflow.
    function _word(bytes calldata data, uint256 offset, uint256 end) private pure returns (uint256 word) {
        if (end < 32 || offset > end - 32) revert DecodingError();
        word = uint256(bytes32(data[offset:offset + 32]));
        if (word > type(uint64).max) revert DecodingError();
    }

    /// A `bytes` argument whose length word stands `offset` bytes into `arguments`.
    function _tail(bytes calldata arguments, uint256 offset) private pure returns (bytes calldata) {
        require(offset < arguments.length);
        uint256 length = uint256(bytes32(arguments[offset:offset + 32]));
        require(length <= arguments.length);
        return arguments[offset + 32:offset + 32 + length];
    }
}
