// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// A list of different words in the order they came, but that the last takes the place of one that is removed.
struct WordSet {
    bytes32[] values;
    /// Index plus one, so that zero means absent.
    mapping(bytes32 value => uint256) position;
}

library WordSets {
    function add(WordSet storage set, bytes32 value) internal returns (bool added) {
        added = set.position[value] == 0;
        if (added) {
            set.values.push(value);
            set.position[value] = set.values.length;
        }
    }

    function add(WordSet storage set, address value) internal returns (bool) {
        return add(set, bytes32(uint256(uint160(value))));
    }

    function remove(WordSet storage set, bytes32 value) internal returns (bool removed) {
        uint256 position = set.position[value];
        removed = position != 0;
        if (removed) {
            bytes32 last = set.values[set.values.length - 1];
            set.values[position - 1] = last;
            set.position[last] = position;
            set.values.pop();
            delete set.position[value];
        }
    }

    function remove(WordSet storage set, address value) internal returns (bool) {
        return remove(set, bytes32(uint256(uint160(value))));
    }

    function clear(WordSet storage set) internal {
        for (uint256 i; i < set.values.length; ++i) delete set.position[set.values[i]];
        delete set.values;
    }

    function contains(WordSet storage set, bytes32 value) internal view returns (bool) {
        return set.position[value] != 0;
    }

    function contains(WordSet storage set, address value) internal view returns (bool) {
        return contains(set, bytes32(uint256(uint160(value))));
    }

    function addresses(WordSet storage set) internal view returns (address[] memory list) {
        bytes32[] memory words = set.values;
        assembly {
            list := words
        }
    }
}
