//! The functions of the contracts, as calls are encoded for them.

#![allow(missing_docs, clippy::exhaustive_structs)]

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
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

    #[derive(Debug, PartialEq, Eq)]
    struct PolicyData {
        address policy;
        bytes initData;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct ActionData {
        bytes4 actionTargetSelector;
        address actionTarget;
        PolicyData[] actionPolicies;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct ERC7739Context {
        bytes32 appDomainSeparator;
        string[] contentNames;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct ERC7739Data {
        ERC7739Context[] allowedERC7739Content;
        PolicyData[] erc1271Policies;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Session {
        address sessionValidator;
        bytes sessionValidatorInitData;
        bytes32 salt;
        PolicyData[] userOpPolicies;
        ERC7739Data erc7739Policies;
        ActionData[] actions;
        bool permitERC4337Paymaster;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct EnabledERC7739Content {
        bytes32 appDomainSeparator;
        bytes32[] contentNameHashes;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct ChainDigest {
        uint64 chainId;
        bytes32 sessionDigest;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct EnableSession {
        uint8 chainDigestIndex;
        ChainDigest[] hashesAndChainIds;
        Session sessionToEnable;
        bytes permissionEnableSig;
    }

    #[derive(Debug)]
    interface IPolicy {
        function initializeWithMultiplexer(address account, bytes32 configId, bytes initData) external;
        function checkUserOpPolicy(bytes32 id, PackedUserOperation op) external returns (uint256);
        function checkAction(bytes32 id, address account, address target, uint256 value, bytes data)
            external
            returns (uint256);
        function check1271SignedAction(
            bytes32 id, address requestSender, address account, bytes32 hash, bytes signature
        ) external view returns (bool);
    }

    #[derive(Debug)]
    interface ISmartSession {
        function enableSessions(Session[] sessions) external returns (bytes32[] permissionIds);
        function removeSession(bytes32 permissionId) external;
        function revokeEnableSignature(bytes32 permissionId) external;
        function setPermit4337Paymaster(bytes32 permissionId, bool enabled) external;
        function enableUserOpPolicies(bytes32 permissionId, PolicyData[] policies) external;
        function disableUserOpPolicies(bytes32 permissionId, address[] policies) external;
        function enableERC1271Policies(bytes32 permissionId, ERC7739Data data) external;
        function disableERC1271Policies(bytes32 permissionId, address[] policies, ERC7739Context[] contents) external;
        function enableActionPolicies(bytes32 permissionId, ActionData[] actions) external;
        function disableActionPolicies(bytes32 permissionId, bytes32 actionId, address[] policies) external;
        function disableActionId(bytes32 permissionId, bytes32 actionId) external;
        function validateUserOp(PackedUserOperation op, bytes32 userOpHash) external returns (uint256);
        function isValidSignatureWithSender(address sender, bytes32 hash, bytes signature)
            external
            view
            returns (bytes4);
        function getPermissionId(Session session) external pure returns (bytes32);
        function getPermissionIDs(address account) external view returns (bytes32[]);
        function isISessionValidatorSet(bytes32 permissionId, address account) external view returns (bool);
        function getSessionValidatorAndConfig(address account, bytes32 permissionId)
            external
            view
            returns (address sessionValidator, bytes sessionValidatorData);
        function getUserOpPolicies(address account, bytes32 permissionId) external view returns (address[]);
        function getERC1271Policies(address account, bytes32 permissionId) external view returns (address[]);
        function getEnabledActions(address account, bytes32 permissionId) external view returns (bytes32[]);
        function getActionPolicies(address account, bytes32 permissionId, bytes32 actionId)
            external
            view
            returns (address[]);
        function getEnabledERC7739Content(address account, bytes32 permissionId)
            external
            view
            returns (EnabledERC7739Content[]);
        function isERC7739ContentEnabled(
            address account, bytes32 permissionId, bytes32 appDomainSeparator, string content
        ) external view returns (bool);
        function areActionsEnabled(address account, bytes32 permissionId, ActionData[] actions)
            external
            view
            returns (bool);
        function isPermissionEnabled(bytes32 permissionId, address account) external view returns (bool);
        function getNonce(bytes32 permissionId, address account) external view returns (uint256);
        function getSessionDigest(bytes32 permissionId, address account, Session data, uint8 mode)
            external
            view
            returns (bytes32);
    }

    #[derive(Debug)]
    interface IStandIn {
        function setRule(uint8 rule) external;
        function setDomain(string name, string version, bytes32 salt) external;
        function decompress(bytes data) external pure returns (bytes);
    }

    #[derive(Debug)]
    interface IModule {
        function onInstall(bytes data) external;
        function onUninstall(bytes data) external;
        function addSafeSender(address sender) external;
        function removeSafeSender(address sender) external;
        function validateSignatureWithData(bytes32 hash, bytes signature, bytes data) external view returns (bool);
    }
}
