// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";

/// A list of allowed targets, meant for the fallback action.
///
/// Init data: the addresses back to back, 20 bytes each.
contract ContractWhitelist is Policy, IActionPolicy {
    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => address[]))) private _targets;

    error InvalidInitData();

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        if (initData.length == 0 || initData.length % 20 != 0) revert InvalidInitData();
        address[] storage targets = _targets[configId][msg.sender][account];
        while (targets.length > 0) targets.pop();
        for (uint256 i; i < initData.length; i += 20) {
            address target = address(bytes20(initData[i:i + 20]));
            if (target == address(0)) revert InvalidInitData();
            targets.push(target);
        }
        emit PolicySet(configId, msg.sender, account);
    }

    function checkAction(bytes32 id, address account, address target, uint256, bytes calldata)
        external
        view
        returns (uint256)
    {
        return isContractWhitelisted(id, msg.sender, account, target) ? PASSED : FAILED;
    }

    function isContractWhitelisted(bytes32 id, address multiplexer, address account, address target)
        public
        view
        returns (bool)
    {
        address[] storage targets = _targets[id][multiplexer][account];
        for (uint256 i; i < targets.length; ++i) {
            if (targets[i] == target) return true;
        }
        return false;
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IActionPolicy).interfaceId;
    }
}
