// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// Signatures of secp256k1 keys.
library Ecdsa {
    uint256 internal constant LENGTH = 65;

    /// Half the curve's order: the other of two signatures that say the same is refused (EIP-2).
    uint256 private constant HIGHEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// The hash of `hash` as a personal message of 32 bytes (EIP-191).
    function personal(bytes32 hash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", hash));
    }

    /// The signer, or the zero address when there is none.
    function recover(bytes32 hash, uint8 v, bytes32 r, bytes32 s) internal pure returns (address) {
        if (uint256(s) > HIGHEST_S) return address(0);
        return ecrecover(hash, v, r, s);
    }

    /// The `index`-th of 65-byte signatures `r ++ s ++ v` that stand one after the other.
    function split(bytes memory signatures, uint256 index) internal pure returns (uint8 v, bytes32 r, bytes32 s) {
        uint256 start = index * LENGTH;
        require(start + LENGTH <= signatures.length);
        assembly ("memory-safe") {
            let at := add(add(signatures, 0x20), start)
            r := mload(at)
            s := mload(add(at, 0x20))
            v := byte(0, mload(add(at, 0x40)))
        }
    }

    /// Whether `signer` signed the hash, or the hash as a personal message.
    function isSignedBy(address signer, bytes32 hash, bytes memory signature) internal pure returns (bool) {
        if (signature.length != LENGTH || signer == address(0)) return false;
        (uint8 v, bytes32 r, bytes32 s) = split(signature, 0);
        return recover(hash, v, r, s) == signer || recover(personal(hash), v, r, s) == signer;
    }
}
