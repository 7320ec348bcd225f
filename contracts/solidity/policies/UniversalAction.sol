// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";
import {Rule, Rules} from "./Rules.sol";

/// Up to 16 rules that must all hold, and a limit for the value of each call; the same in both generations.
///
/// Init data: ABI encoding of one static tuple `(uint256 valueLimitPerUse, (uint256 length, Rule[16] rules))`.
contract UniversalAction is Policy, IActionPolicy {
    struct ParamRules {
        uint256 length;
        Rule[16] rules;
    }

    struct Config {
        uint256 valueLimitPerUse;
        ParamRules paramRules;
    }

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Config))) public actionConfigs;

    error ValueLimitExceeded(bytes32 id, uint256 value, uint256 limit);

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        Config memory given = abi.decode(initData, (Config));
        Config storage config = actionConfigs[configId][msg.sender][account];
        config.valueLimitPerUse = given.valueLimitPerUse;
        config.paramRules.length = given.paramRules.length;
        // Rules beyond the length are never looked at; a length above 16 is an index out of bounds.
        for (uint256 i; i < given.paramRules.length; ++i) config.paramRules.rules[i] = given.paramRules.rules[i];
        emit PolicySet(configId, msg.sender, account);
    }

    function checkAction(bytes32 id, address account, address, uint256 value, bytes calldata data)
        external
        returns (uint256)
    {
        Config storage config = actionConfigs[id][msg.sender][account];
        uint256 length = config.paramRules.length;
        if (length == 0) revert PolicyNotInitialized(id, msg.sender, account);
        if (value > config.valueLimitPerUse) revert ValueLimitExceeded(id, value, config.valueLimitPerUse);
        for (uint256 i; i < length; ++i) {
            if (!Rules.check(config.paramRules.rules[i], data)) return FAILED;
        }
        return PASSED;
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IActionPolicy).interfaceId;
    }
}
