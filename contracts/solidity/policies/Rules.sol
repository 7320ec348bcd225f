// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

enum Condition {
    Equal,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    NotEqual,
    InRange
}

struct Usage {
    uint256 limit;
    uint256 used;
}

/// What one word of a call's arguments must be.
struct Rule {
    Condition condition;
    uint64 offset;
    bool isLimited;
    bytes32 ref;
    Usage usage;
}

/// Checks rules against call data, and keeps count of limited words.
library Rules {
    /// Whether the rule holds; a limited rule that holds has counted the word.
    function check(Rule storage rule, bytes calldata data) internal returns (bool) {
        // In 64 bits on purpose: an offset near their end is an arithmetic fault, not a place in the data.
        uint64 start = 4 + rule.offset;
        uint256 word = uint256(bytes32(data[start:start + 32]));
        if (!_holds(rule.condition, word, uint256(rule.ref))) return false;
        if (!rule.isLimited) return true;
        uint256 used = rule.usage.used + word;
        if (used > rule.usage.limit) return false;
        rule.usage.used = used;
        return true;
    }

    function _holds(Condition condition, uint256 word, uint256 ref) private pure returns (bool) {
        if (condition == Condition.Equal) return word == ref;
        if (condition == Condition.Greater) return word > ref;
        if (condition == Condition.Less) return word < ref;
        if (condition == Condition.GreaterOrEqual) return word >= ref;
        if (condition == Condition.LessOrEqual) return word <= ref;
        if (condition == Condition.NotEqual) return word != ref;
        return word >= ref >> 128 && word <= uint128(ref);
    }
}
