// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IStatelessValidator} from "../Interfaces.sol";

/// A passkey signs for a session (WebAuthn, P-256).
///
/// The data is `abi.encode(uint256 x, uint256 y, bytes32 credential)`, the signature the members of `Assertion` by
/// `abi.encode`. The challenge is the hash itself.
contract WebAuthnValidator is IStatelessValidator {
    struct Assertion {
        bytes authenticatorData;
        string clientDataJSON;
        uint256 typeLocation;
        uint256 r;
        uint256 s;
        bool usePrecompiled;
    }

    uint256 private constant STATELESS_VALIDATOR = 7;

    /// P256VERIFY (RIP-7212, EIP-7951), and a contract that answers the same question where there is none.
    address private constant PRECOMPILE = address(0x100);
    address private constant VERIFIER = 0xc2b78104907F722DABAc4C69f826a522B2754De4;

    /// Half the curve's order: the other of two signatures that say the same is refused.
    uint256 private constant HIGHEST_S = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8;

    /// A hash (32 bytes), flags (1) and a counter (4) at least.
    uint256 private constant FLAGS = 32;
    uint256 private constant SHORTEST = 37;
    /// The user was there (1) and verified (4), and no backup without eligibility (16 without 8).
    uint8 private constant WANTED = 0x05;
    uint8 private constant ELIGIBLE = 0x08;
    uint8 private constant BACKED_UP = 0x10;

    /// Where the challenge stands behind `{"type":"webauthn.get",`.
    uint256 private constant CHALLENGE_LOCATION = 23;

    bytes private constant ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    function isModuleType(uint256 typeId) external pure returns (bool) {
        return typeId == STATELESS_VALIDATOR;
    }

    function validateSignatureWithData(bytes32 hash, bytes calldata signature, bytes calldata data)
        external
        view
        returns (bool)
    {
        (uint256 x, uint256 y) = abi.decode(data, (uint256, uint256));
        // The members stand without the offset that a struct has.
        Assertion memory assertion = abi.decode(abi.encodePacked(uint256(0x20), signature), (Assertion));
        bool answers = _areWanted(assertion.authenticatorData)
            && _stands(bytes(assertion.clientDataJSON), assertion.typeLocation, "\"type\":\"webauthn.get\"")
            && _stands(
                bytes(assertion.clientDataJSON),
                CHALLENGE_LOCATION,
                abi.encodePacked("\"challenge\":\"", _base64Url(hash), "\"")
            );
        // Verified in any case, so that a stub costs as much gas as a signature.
        bool signed = _isSigned(assertion, x, y);
        return answers && signed;
    }

    function _isSigned(Assertion memory assertion, uint256 x, uint256 y) private view returns (bool) {
        bytes32 signed =
            sha256(abi.encodePacked(assertion.authenticatorData, sha256(bytes(assertion.clientDataJSON))));
        address verifier = assertion.usePrecompiled ? PRECOMPILE : VERIFIER;
        (bool ok, bytes memory answer) =
            verifier.staticcall(abi.encode(signed, assertion.r, assertion.s, x, y));
        return ok && answer.length == 32 && abi.decode(answer, (uint256)) == 1 && assertion.s <= HIGHEST_S;
    }

    function _areWanted(bytes memory authenticatorData) private pure returns (bool) {
        if (authenticatorData.length < SHORTEST) return false;
        uint8 flags = uint8(authenticatorData[FLAGS]);
        return flags & WANTED == WANTED && (flags & BACKED_UP == 0 || flags & ELIGIBLE != 0);
    }

    /// Whether `part` stands in `text` from `location` on.
    function _stands(bytes memory text, uint256 location, bytes memory part) private pure returns (bool) {
        if (location > text.length || text.length - location < part.length) return false;
        for (uint256 i; i < part.length; ++i) {
            if (text[location + i] != part[i]) return false;
        }
        return true;
    }

    /// 43 characters without padding (RFC 4648, section 5).
    function _base64Url(bytes32 word) private pure returns (bytes memory text) {
        text = new bytes(43);
        // Two zero bits behind the 256 make 43 groups of six.
        for (uint256 i; i < 42; ++i) text[i] = ALPHABET[(uint256(word) >> (250 - 6 * i)) & 63];
        text[42] = ALPHABET[(uint256(word) << 2) & 63];
    }
}
