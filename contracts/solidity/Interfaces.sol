// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// An ERC-4337 operation as the EntryPoint 0.7 and later hand it to an account.
struct PackedUserOperation {
    address sender;
    uint256 nonce;
    bytes initCode;
    bytes callData;
    bytes32 accountGasLimits;
    uint256 preVerificationGas;
    bytes32 gasFees;
    bytes paymasterAndData;
    bytes signature;
}

interface IERC165 {
    function supportsInterface(bytes4 interfaceId) external view returns (bool);
}

interface IERC1271 {
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4);
}

/// What every ERC-7579 module answers.
interface IModule {
    function onInstall(bytes calldata data) external;
    function onUninstall(bytes calldata data) external;
    function isModuleType(uint256 typeId) external view returns (bool);
    function isInitialized(address account) external view returns (bool);
}

/// A policy is configured once per (configuration, caller, account); its interface id is the selector of this function.
interface IPolicy {
    function initializeWithMultiplexer(address account, bytes32 configId, bytes calldata initData) external;
}

/// A policy that is asked once for a whole operation.
interface IUserOpPolicy {
    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external returns (uint256);
}

/// A policy that is asked for each call of an operation.
interface IActionPolicy {
    function checkAction(bytes32 id, address account, address target, uint256 value, bytes calldata data)
        external
        returns (uint256);
}

/// A policy that is asked for a signature of the account.
interface IERC1271Policy {
    function check1271SignedAction(
        bytes32 id,
        address requestSender,
        address account,
        bytes32 hash,
        bytes calldata signature
    ) external view returns (bool);
}

/// A validator that keeps no state: whom to trust comes with each question.
interface IStatelessValidator {
    function validateSignatureWithData(bytes32 hash, bytes calldata signature, bytes calldata data)
        external
        view
        returns (bool);
}

/// The part of an ERC-7484 registry that accounts and the first session module ask.
interface IRegistry {
    function checkForAccount(address account, address module, uint256 moduleType) external view;
}
