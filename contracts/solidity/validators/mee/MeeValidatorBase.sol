// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../../Ecdsa.sol";
import {K1ValidatorBase} from "../K1ValidatorBase.sol";

/// Owner validator of accounts that take part in supertransactions: one signature of the owner stands for operations
/// on several chains.
///
/// A signature with the prefix of the simple mode names the supertransaction and the operation's place in it; any
/// other is the owner's signature over the hash itself. The modes in which a permit, a transaction or another wallet
/// speaks for the owner are not here.
abstract contract MeeValidatorBase is K1ValidatorBase {
    bytes4 internal constant SIMPLE = 0x177eee00;
    /// A signature without supertransaction that says so.
    bytes4 internal constant PLAIN = 0x177eee05;

    /// Stateless validator (20) ++ number of safe senders (1) ++ owner (20): the form of the newest suite.
    uint256 private constant PREFIXED_OWNER = 41;

    /// Whether the owner signed a supertransaction with this operation, and the window it has there.
    function _isInSupertransaction(address owner, bytes32 userOpHash, bytes calldata signature)
        internal
        pure
        virtual
        returns (bool signed, uint48 lower, uint48 upper);

    /// Whether the key signed a supertransaction with this hash; a window cannot be told to who asks.
    function _isHashInSupertransaction(address owner, bytes32 hash, bytes calldata signature)
        internal
        pure
        virtual
        returns (bool);

    function _validateOperation(address owner, bytes32 userOpHash, bytes calldata signature)
        internal
        pure
        override
        returns (uint256)
    {
        if (bytes4(signature) != SIMPLE) {
            return Ecdsa.isSignedBy(owner, userOpHash, signature) ? 0 : SIG_VALIDATION_FAILED;
        }
        (bool signed, uint48 lower, uint48 upper) = _isInSupertransaction(owner, userOpHash, signature[4:]);
        return (signed ? 0 : SIG_VALIDATION_FAILED) | uint256(upper) << 160 | uint256(lower) << 208;
    }

    function _isSigned(address owner, bytes32 hash, bytes calldata signature) internal pure override returns (bool) {
        if (bytes4(signature) == SIMPLE) return _isHashInSupertransaction(owner, hash, signature[4:]);
        if (bytes4(signature) == PLAIN) signature = signature[4:];
        return Ecdsa.isSignedBy(owner, hash, signature);
    }

    function _install(bytes calldata data) internal override {
        if (data.length == PREFIXED_OWNER) _setOwner(_ownerIn(data));
        else super._install(data);
    }

    function _ownerIn(bytes calldata data) internal pure override returns (address) {
        return data.length == PREFIXED_OWNER ? address(bytes20(data[21:])) : super._ownerIn(data);
    }
}
