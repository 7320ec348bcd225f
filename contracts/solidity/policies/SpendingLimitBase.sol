// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";

/// A budget for each of some ERC-20 tokens; the token is the target of the call.
///
/// Init data: ABI encoding of `(address[] tokens, uint256[] limits)`.
abstract contract SpendingLimitBase is Policy, IActionPolicy {
    struct Budget {
        uint256 limit;
        uint256 spent;
        uint256 approved;
    }

    struct Config {
        address[] tokens;
        mapping(address token => Budget) budgets;
    }

    bytes4 internal constant TRANSFER = 0xa9059cbb;
    bytes4 internal constant TRANSFER_FROM = 0x23b872dd;
    bytes4 internal constant APPROVE = 0x095ea7b3;
    bytes4 internal constant INCREASE_ALLOWANCE = 0x39509351;

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Config))) internal _configs;

    event TokenSpent(
        bytes32 id, address multiplexer, address token, address account, uint256 amount, uint256 remaining
    );

    error InvalidTokenAddress(address token);
    error InvalidLimit(uint256 limit);

    /// Refuses lists of different lengths, in the generation that looks at them.
    function _compareLengths(uint256 tokens, uint256 limits) internal pure virtual;

    /// What a call takes out of the budget, if its function is one that can be judged.
    function _amount(address account, bytes4 selector, bytes calldata arguments)
        internal
        pure
        virtual
        returns (bool known, uint256 amount);

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        (address[] memory tokens, uint256[] memory limits) = abi.decode(initData, (address[], uint256[]));
        _compareLengths(tokens.length, limits.length);
        Config storage config = _configs[configId][msg.sender][account];
        for (uint256 i; i < config.tokens.length; ++i) delete config.budgets[config.tokens[i]];
        for (uint256 i; i < tokens.length; ++i) {
            if (tokens[i] == address(0)) revert InvalidTokenAddress(address(0));
            if (limits[i] == 0) revert InvalidLimit(0);
            config.budgets[tokens[i]] = Budget(limits[i], 0, 0);
        }
        config.tokens = tokens;
        emit PolicySet(configId, msg.sender, account);
    }

    function checkAction(bytes32 id, address account, address target, uint256 value, bytes calldata data)
        external
        returns (uint256)
    {
        if (value != 0) return FAILED;
        if (target == address(0)) revert InvalidTokenAddress(target);
        (bool known, uint256 amount) = _amount(account, bytes4(data[0:4]), data[4:]);
        if (!known) return FAILED;
        // A token that is not listed has the limit 0.
        Budget storage budget = _configs[id][msg.sender][account].budgets[target];
        uint256 used = budget.spent + budget.approved + amount;
        if (used > budget.limit) return FAILED;
        bytes4 selector = bytes4(data[0:4]);
        if (selector == APPROVE || selector == INCREASE_ALLOWANCE) budget.approved += amount;
        else budget.spent += amount;
        emit TokenSpent(id, msg.sender, target, account, amount, budget.limit - used);
        return PASSED;
    }

    /// Transfers and approvals draw on the same budget, and an approval that was not used is not given back.
    function _transferOrApproval(bytes4 selector, bytes calldata arguments)
        internal
        pure
        returns (bool known, address to, uint256 amount)
    {
        if (selector == TRANSFER || selector == APPROVE) {
            (to, amount) = abi.decode(arguments, (address, uint256));
            known = true;
        } else if (selector == TRANSFER_FROM) {
            (, to, amount) = abi.decode(arguments, (address, address, uint256));
            known = true;
        }
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IActionPolicy).interfaceId;
    }
}
