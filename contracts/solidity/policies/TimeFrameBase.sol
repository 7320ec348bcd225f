// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {IActionPolicy, IERC1271Policy, IUserOpPolicy, PackedUserOperation} from "../Interfaces.sol";
import {Policy} from "./Policy.sol";

/// A window of time. Operations carry it to the EntryPoint, which compares it with the clock; signatures are compared
/// with the clock here.
abstract contract TimeFrameBase is Policy, IUserOpPolicy, IActionPolicy, IERC1271Policy {
    struct Window {
        uint48 validUntil;
        uint48 validAfter;
    }

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Window))) internal _windows;

    /// Reads the window from the init data; both generations have a form of their own.
    function _decode(bytes calldata initData) internal pure virtual returns (uint256 validUntil, uint256 validAfter);

    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external {
        (uint256 validUntil, uint256 validAfter) = _decode(initData);
        bool never = validUntil != 0 && validAfter > validUntil;
        bool tooLate = validUntil > type(uint48).max || validAfter > type(uint48).max;
        if (never || tooLate) revert PolicyNotInitialized(configId, msg.sender, account);
        _windows[configId][msg.sender][account] = Window(uint48(validUntil), uint48(validAfter));
        emit PolicySet(configId, msg.sender, account);
    }

    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external view returns (uint256) {
        return _pack(_window(id, op.sender));
    }

    function checkAction(bytes32 id, address account, address, uint256, bytes calldata)
        external
        view
        returns (uint256)
    {
        return _pack(_window(id, account));
    }

    function check1271SignedAction(bytes32 id, address, address account, bytes32, bytes calldata)
        external
        view
        returns (bool)
    {
        Window memory window = _window(id, account);
        return block.timestamp >= window.validAfter && (window.validUntil == 0 || block.timestamp < window.validUntil);
    }

    /// A window without any bound counts as not initialised.
    function _window(bytes32 id, address account) private view returns (Window memory window) {
        window = _windows[id][msg.sender][account];
        if (window.validUntil == 0 && window.validAfter == 0) revert PolicyNotInitialized(id, msg.sender, account);
    }

    function _pack(Window memory window) private pure returns (uint256) {
        return (uint256(window.validUntil) << 160) | (uint256(window.validAfter) << 208);
    }

    function _fits(bytes4 interfaceId) internal pure override returns (bool) {
        return interfaceId == type(IUserOpPolicy).interfaceId || interfaceId == type(IActionPolicy).interfaceId
            || interfaceId == type(IERC1271Policy).interfaceId;
    }
}
