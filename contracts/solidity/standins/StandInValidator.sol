// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IStatelessValidator} from "../Interfaces.sol";

/// A session validator without keys, for tests that are not about signatures.
contract StandInValidator is IStatelessValidator {
    enum Rule {
        /// Accepts signatures that begin with 01.
        FirstByte,
        Everything,
        Nothing
    }

    Rule private _rule;

    function setRule(Rule rule) external {
        _rule = rule;
    }

    function isModuleType(uint256 typeId) external pure returns (bool) {
        return typeId == 7;
    }

    function validateSignatureWithData(bytes32, bytes calldata signature, bytes calldata)
        external
        view
        returns (bool)
    {
        if (_rule == Rule.FirstByte) return signature.length > 0 && signature[0] == 0x01;
        return _rule == Rule.Everything;
    }
}
