// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Call, Execution} from "../Execution.sol";
import {IActionPolicy, IUserOpPolicy, PackedUserOperation} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";

/// A budget of native value.
///
/// Init data: the budget in wei, one word; anything after it is ignored.
contract ValueLimit is Policy, IUserOpPolicy, IActionPolicy {
    struct Budget {
        uint256 limit;
        uint256 used;
    }

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Budget))) public valueLimitConfigs;

    error UnsupportedCallType(bytes1 callType);

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        uint256 limit = uint256(bytes32(initData[0:32]));
        if (limit == 0) revert PolicyNotInitialized(configId, msg.sender, account);
        valueLimitConfigs[configId][msg.sender][account] = Budget(limit, 0);
        emit PolicySet(configId, msg.sender, account);
    }

    function checkAction(bytes32 id, address account, address, uint256 value, bytes calldata)
        external
        returns (uint256)
    {
        return _spend(id, account, value);
    }

    /// Counts what an ERC-7579 `execute` sends; what any other function of the account sends cannot be seen here.
    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external returns (uint256) {
        bytes calldata callData = op.callData;
        if (bytes4(callData[0:4]) != Execution.EXECUTE) return PASSED;
        (bytes32 mode, bytes calldata execution) = Execution.decode(callData);
        bytes1 callType = Execution.callType(mode);
        if (callType == Execution.SINGLE) {
            (, uint256 value,) = Execution.decodeSingle(execution);
            return _spend(id, op.sender, value);
        }
        if (callType != Execution.BATCH) revert UnsupportedCallType(callType);
        Call[] calldata calls = Execution.decodeBatch(execution);
        uint256 total;
        for (uint256 i; i < calls.length; ++i) total += calls[i].value;
        return _spend(id, op.sender, total);
    }

    function _spend(bytes32 id, address account, uint256 value) private returns (uint256) {
        Budget storage budget = valueLimitConfigs[id][msg.sender][account];
        uint256 used = budget.used + value;
        if (used > budget.limit) return FAILED;
        budget.used = used;
        return PASSED;
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IUserOpPolicy).interfaceId || interfaceId == type(IActionPolicy).interfaceId;
    }
}
