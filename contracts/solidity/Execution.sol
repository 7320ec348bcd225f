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
/// Everything here reverts without data when it is cut short.
library Execution {
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

    /// ABI encoding of `Call[]`; its entries are checked when they are read.
    function decodeBatch(bytes calldata execution) internal pure returns (Call[] calldata calls) {
        uint256 offset = uint256(bytes32(execution[0:32]));
        require(offset < execution.length);
        uint256 length = uint256(bytes32(execution[offset:offset + 32]));
        require(length <= execution.length);
        bytes calldata heads = execution[offset + 32:offset + 32 + length * 32];
        assembly {
            calls.offset := heads.offset
            calls.length := length
        }
    }

    /// A `bytes` argument whose length word stands `offset` bytes into `arguments`.
    function _tail(bytes calldata arguments, uint256 offset) private pure returns (bytes calldata) {
        require(offset < arguments.length);
        uint256 length = uint256(bytes32(arguments[offset:offset + 32]));
        require(length <= arguments.length);
        return arguments[offset + 32:offset + 32 + length];
    }
}
