// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IERC165, IPolicy} from "../Interfaces.sol";

/// What all policies share: their event, their error, and how they say which slots they fit.
abstract contract Policy is IPolicy, IERC165 {
    event PolicySet(bytes32 id, address multiplexer, address account);

    error PolicyNotInitialized(bytes32 id, address multiplexer, address account);

    uint256 internal constant PASSED = 0;
    uint256 internal constant FAILED = 1;

    /// Whether the policy has the interface of a slot; the interface that all policies share is answered here.
    function _fits(bytes4 interfaceId) internal pure virtual returns (bool);

    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == IPolicy.initializeWithMultiplexer.selector
            || _fits(interfaceId);
    }
}
