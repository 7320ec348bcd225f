// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../../Ecdsa.sol";
import {MeeValidatorBase} from "./MeeValidatorBase.sol";

/// Suites from 2.2.1 on: a supertransaction is EIP-712 typed data, and the owner signs its hash.
///
/// After the prefix: `abi.encode(uint256 index, bytes32[] items, uint48 lower, uint48 upper, bytes signature)`, where
/// the items are the struct hashes of all operations, and the one at the index is this operation with its window. The
/// order of the parts is our own: what the deployed validators read here is not recorded anywhere.
contract MeeValidatorTyped is MeeValidatorBase {
    bytes32 private constant MEE_USER_OP = keccak256(
        "MeeUserOp(bytes32 userOpHash,uint256 lowerBoundTimestamp,uint256 upperBoundTimestamp)"
    );

    bytes32 private constant SUPER_TX = keccak256(
        "SuperTx(MeeUserOp[] meeUserOps)"
        "MeeUserOp(bytes32 userOpHash,uint256 lowerBoundTimestamp,uint256 upperBoundTimestamp)"
    );

    /// Without chain and account: the signature is for several of both.
    bytes32 private constant DOMAIN_SEPARATOR =
        keccak256(abi.encode(keccak256("EIP712Domain(string name)"), keccak256("Nexus")));

    function _isInSupertransaction(address owner, bytes32 userOpHash, bytes calldata packed)
        internal
        pure
        override
        returns (bool signed, uint48 lower, uint48 upper)
    {
        uint256 index;
        bytes32[] memory items;
        bytes memory signature;
        (index, items, lower, upper, signature) = abi.decode(packed, (uint256, bytes32[], uint48, uint48, bytes));
        bytes32 item = keccak256(abi.encode(MEE_USER_OP, userOpHash, lower, upper));
        signed = index < items.length && items[index] == item && Ecdsa.isSignedBy(owner, _hash(items), signature);
    }

    function _isHashInSupertransaction(address owner, bytes32 hash, bytes calldata packed)
        internal
        pure
        override
        returns (bool signed)
    {
        (signed,,) = _isInSupertransaction(owner, hash, packed);
    }

    function _hash(bytes32[] memory items) private pure returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(SUPER_TX, keccak256(abi.encodePacked(items))));
        return keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR, structHash));
    }
}
