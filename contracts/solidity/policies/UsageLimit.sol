// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy, IUserOpPolicy, PackedUserOperation} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";

/// A number of uses: of calls in the action slot, of operations in the user operation slot.
///
/// Init data: the number, 16 bytes, big-endian; anything after it is ignored.
contract UsageLimit is Policy, IUserOpPolicy, IActionPolicy {
    struct Usage {
        uint128 limit;
        uint128 used;
    }

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Usage))) public usageLimitConfigs;

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        uint128 limit = uint128(bytes16(initData[0:16]));
        if (limit == 0) revert PolicyNotInitialized(configId, msg.sender, account);
        usageLimitConfigs[configId][msg.sender][account] = Usage(limit, 0);
        emit PolicySet(configId, msg.sender, account);
    }

    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external returns (uint256) {
        return _use(id, op.sender);
    }

    function checkAction(bytes32 id, address account, address, uint256, bytes calldata) external returns (uint256) {
        return _use(id, account);
    }

    function _use(bytes32 id, address account) private returns (uint256) {
        Usage storage usage = usageLimitConfigs[id][msg.sender][account];
        if (usage.used >= usage.limit) return FAILED;
        usage.used += 1;
        return PASSED;
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IUserOpPolicy).interfaceId || interfaceId == type(IActionPolicy).interfaceId;
    }
}
