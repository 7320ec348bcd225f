// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IRegistry} from "../Interfaces.sol";
import {SessionErc1271} from "./SessionErc1271.sol";
import {SessionManagement} from "./SessionManagement.sol";
import {SessionViews} from "./SessionViews.sol";

/// The session module of the first generation: an ERC-7484 registry must attest the validator and every policy,
/// unless a session is enabled unsafely.
contract SmartSessionLegacy is SessionManagement, SessionErc1271, SessionViews {
    IRegistry private constant REGISTRY = IRegistry(0x000000000069E2a187AEFFb852bF3cCdC95151B2);

    function _requireAttestation(address account, address module, uint256 moduleType) internal view override {
        REGISTRY.checkForAccount(account, module, moduleType);
    }

    function _refuseCallType(bytes1) internal pure override {
        revert UnsupportedExecutionType();
    }
}
