// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../Ecdsa.sol";
import {K1ValidatorBase} from "./K1ValidatorBase.sol";

/// The owner signs the hash, or the hash as a personal message.
contract K1Validator is K1ValidatorBase {
    function name() external pure returns (string memory) {
        return "K1Validator";
    }

    function version() external pure returns (string memory) {
        return "1.0.1";
    }

    function _validateOperation(address owner, bytes32 userOpHash, bytes calldata signature)
        internal
        pure
        override
        returns (uint256)
    {
        return Ecdsa.isSignedBy(owner, userOpHash, signature) ? 0 : SIG_VALIDATION_FAILED;
    }

    function _isSigned(address owner, bytes32 hash, bytes calldata signature) internal pure override returns (bool) {
        return Ecdsa.isSignedBy(owner, hash, signature);
    }
}
