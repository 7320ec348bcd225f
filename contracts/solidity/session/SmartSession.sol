// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {SessionErc1271} from "./SessionErc1271.sol";
import {SessionManagement} from "./SessionManagement.sol";
import {SessionViews} from "./SessionViews.sol";

/// The session module of the current generation: no registry is asked.
contract SmartSession is SessionManagement, SessionErc1271, SessionViews {
    error UnsupportedCallType(bytes1 callType);

    function _requireAttestation(address, address, uint256) internal pure override {}

    function _refuseCallType(bytes1 callType) internal pure override {
        revert UnsupportedCallType(callType);
    }
}
