// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../Ecdsa.sol";
import {OwnableValidatorBase} from "./OwnableValidatorBase.sol";

/// Current generation: the hash itself is signed, or its personal message with v raised by 4.
contract OwnableValidator is OwnableValidatorBase {
    function _signer(bytes32 hash, uint8 v, bytes32 r, bytes32 s) internal pure override returns (address) {
        return v > 30 ? Ecdsa.recover(Ecdsa.personal(hash), v - 4, r, s) : Ecdsa.recover(hash, v, r, s);
    }
}
