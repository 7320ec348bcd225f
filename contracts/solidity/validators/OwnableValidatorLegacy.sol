// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../Ecdsa.sol";
import {OwnableValidatorBase} from "./OwnableValidatorBase.sol";

/// First generation: the hash's personal message is signed.
contract OwnableValidatorLegacy is OwnableValidatorBase {
    function _signer(bytes32 hash, uint8 v, bytes32 r, bytes32 s) internal pure override returns (address) {
        return Ecdsa.recover(Ecdsa.personal(hash), v, r, s);
    }
}
