// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";
import {Rule, Rules} from "./Rules.sol";

/// Rules joined by a tree of `and`, `or` and `not`, and a limit for the value of each call.
///
/// Init data: ABI encoding of `(uint256 valueLimitPerUse, (uint8 rootNodeIndex, Rule[] rules, uint256[] packedNodes))`.
/// A packed node has its kind in bits 0-1, a rule index in bits 2-9, its children in bits 10-17 and 18-25.
contract ArgPolicy is Policy, IActionPolicy {
    struct Expression {
        uint8 rootNodeIndex;
        Rule[] rules;
        uint256[] packedNodes;
    }

    struct Config {
        uint256 valueLimitPerUse;
        Expression paramRules;
    }

    uint256 private constant RULE = 0;
    uint256 private constant NOT = 1;
    uint256 private constant AND = 2;
    uint256 private constant OR = 3;

    uint256 private constant MAX_RULES = 128;
    uint256 private constant MAX_NODES = 256;

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Config))) public actionConfigs;

    error ValueLimitExceeded(bytes32 id, uint256 value, uint256 limit);
    error EmptyExpressionTree();
    error RootNodeIndexOutOfBounds();
    error TooManyRules();
    error TooManyNodes();
    error NodeChildIndexOutOfBounds();
    error RuleIndexOutOfBounds();

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        Config memory given = abi.decode(initData, (Config));
        _checkTree(given.paramRules);
        Config storage config = actionConfigs[configId][msg.sender][account];
        config.valueLimitPerUse = given.valueLimitPerUse;
        config.paramRules.rootNodeIndex = given.paramRules.rootNodeIndex;
        config.paramRules.packedNodes = given.paramRules.packedNodes;
        delete config.paramRules.rules;
        for (uint256 i; i < given.paramRules.rules.length; ++i) config.paramRules.rules.push(given.paramRules.rules[i]);
        emit PolicySet(configId, msg.sender, account);
    }

    function checkAction(bytes32 id, address account, address, uint256 value, bytes calldata data)
        external
        returns (uint256)
    {
        Config storage config = actionConfigs[id][msg.sender][account];
        if (config.paramRules.rules.length == 0) revert PolicyNotInitialized(id, msg.sender, account);
        if (value > config.valueLimitPerUse) revert ValueLimitExceeded(id, value, config.valueLimitPerUse);
        return _evaluate(config.paramRules, data) ? PASSED : FAILED;
    }

    /// Every index of every node, reached or not. Cycles are not looked for.
    function _checkTree(Expression memory tree) private pure {
        uint256 length = tree.packedNodes.length;
        if (length == 0) revert EmptyExpressionTree();
        if (tree.rootNodeIndex >= length) revert RootNodeIndexOutOfBounds();
        if (tree.rules.length > MAX_RULES) revert TooManyRules();
        if (length > MAX_NODES) revert TooManyNodes();
        // In 8 bits on purpose: 256 nodes are an arithmetic fault of the deployed contract.
        for (uint8 i; i < length; ++i) {
            (uint256 kind, uint256 rule, uint256 left, uint256 right) = _unpack(tree.packedNodes[i]);
            if (kind == RULE) {
                if (rule >= tree.rules.length) revert RuleIndexOutOfBounds();
            } else if (left >= length || (kind != NOT && right >= length)) {
                revert NodeChildIndexOutOfBounds();
            }
        }
    }

    /// Walks the tree from left to right and leaves out what cannot change the result any more.
    ///
    /// With a stack of its own: 255 nodes in a row are deeper than the machine's stack. A cycle uses up all gas.
    function _evaluate(Expression storage tree, bytes calldata data) private returns (bool result) {
        // Nodes whose children are being evaluated, and whether that is the left child.
        uint256[] memory path = new uint256[](16);
        uint256 depth;
        uint256 node = tree.packedNodes[tree.rootNodeIndex];
        while (true) {
            (uint256 kind, uint256 rule, uint256 left,) = _unpack(node);
            if (kind != RULE) {
                if (depth == path.length) path = _doubled(path);
                path[depth++] = node << 1 | 1;
                node = tree.packedNodes[left];
                continue;
            }
            result = Rules.check(tree.rules[rule], data);
            bool rightIsNext;
            while (!rightIsNext) {
                if (depth == 0) return result;
                uint256 parent = path[depth - 1] >> 1;
                bool leftIsDone = path[depth - 1] & 1 == 1;
                uint256 right;
                (kind,,, right) = _unpack(parent);
                if (leftIsDone && ((kind == AND && result) || (kind == OR && !result))) {
                    path[depth - 1] = parent << 1;
                    node = tree.packedNodes[right];
                    rightIsNext = true;
                } else {
                    if (kind == NOT) result = !result;
                    --depth;
                }
            }
        }
    }

    function _unpack(uint256 node) private pure returns (uint256 kind, uint256 rule, uint256 left, uint256 right) {
        return (node & 3, (node >> 2) & 0xff, (node >> 10) & 0xff, (node >> 18) & 0xff);
    }

    function _doubled(uint256[] memory path) private pure returns (uint256[] memory longer) {
        longer = new uint256[](path.length * 2);
        for (uint256 i; i < path.length; ++i) longer[i] = path[i];
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IActionPolicy).interfaceId;
    }
}
