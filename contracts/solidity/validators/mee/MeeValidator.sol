// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../../Ecdsa.sol";
import {MeeValidatorBase} from "./MeeValidatorBase.sol";

/// Suites 1.0.0 to 2.1.0: a supertransaction is a Merkle tree, and the owner signs its root, bare or as a personal
/// message.
///
/// After the prefix, for an operation of the account:
/// `abi.encode(bytes32 root, uint48 lower, uint48 upper, bytes32[] proof, bytes signature)`, whose leaf is the hash of
/// the hash of operation hash and window; for a session's operation `abi.encode(bytes32 root, bytes32[] proof,
/// bytes signature)`, whose leaf is the operation hash.
contract MeeValidator is MeeValidatorBase {
    function _isInSupertransaction(address owner, bytes32 userOpHash, bytes calldata packed)
        internal
        pure
        override
        returns (bool signed, uint48 lower, uint48 upper)
    {
        bytes32 root;
        bytes32[] memory proof;
        bytes memory signature;
        (root, lower, upper, proof, signature) = abi.decode(packed, (bytes32, uint48, uint48, bytes32[], bytes));
        bytes32 leaf = keccak256(abi.encode(keccak256(abi.encode(userOpHash, uint256(lower), uint256(upper)))));
        signed = _isIn(root, proof, leaf) && Ecdsa.isSignedBy(owner, root, signature);
    }

    function _isHashInSupertransaction(address owner, bytes32 hash, bytes calldata packed)
        internal
        pure
        override
        returns (bool)
    {
        (bytes32 root, bytes32[] memory proof, bytes memory signature) =
            abi.decode(packed, (bytes32, bytes32[], bytes));
        return _isIn(root, proof, hash) && Ecdsa.isSignedBy(owner, root, signature);
    }

    /// The proof is the siblings from the leaf up; the smaller of two is hashed first.
    function _isIn(bytes32 root, bytes32[] memory proof, bytes32 node) private pure returns (bool) {
        for (uint256 i; i < proof.length; ++i) {
            node = keccak256(node < proof[i] ? abi.encode(node, proof[i]) : abi.encode(proof[i], node));
        }
        return node == root;
    }
}
