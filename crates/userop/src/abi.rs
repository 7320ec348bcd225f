//! The contract interfaces that operations and accounts meet, with their Solidity names.

/// Entry point 0.6: the unpacked operation.
pub mod v06 {
    alloy_sol_types::sol! {
        /// ERC-4337's operation as entry point 0.6 takes it.
        #[derive(Debug, Default, PartialEq, Eq, Hash)]
        struct UserOperation {
            /// The account.
            address sender;
            /// Key and sequence.
            uint256 nonce;
            /// `factory ++ factoryData`, or empty.
            bytes initCode;
            /// What the account is called with.
            bytes callData;
            /// Gas for the call.
            uint256 callGasLimit;
            /// Gas for creating and asking the account.
            uint256 verificationGasLimit;
            /// Gas beyond what is measured.
            uint256 preVerificationGas;
            /// Highest price of gas.
            uint256 maxFeePerGas;
            /// Highest priority fee.
            uint256 maxPriorityFeePerGas;
            /// `paymaster ++ data`, or empty.
            bytes paymasterAndData;
            /// What the account checks.
            bytes signature;
        }

        /// Runs operations.
        function handleOps(UserOperation[] ops, address beneficiary);
        /// The contract's own hash of an operation.
        function getUserOpHash(UserOperation userOp) returns (bytes32);
    }
}

/// Entry points 0.7 and later: the packed operation.
pub mod v07 {
    alloy_sol_types::sol! {
        /// ERC-4337's operation as entry points from 0.7 on take it.
        #[derive(Debug, Default, PartialEq, Eq, Hash)]
        struct PackedUserOperation {
            /// The account.
            address sender;
            /// Key and sequence.
            uint256 nonce;
            /// `factory ++ factoryData`, or empty.
            bytes initCode;
            /// What the account is called with.
            bytes callData;
            /// `verificationGasLimit(16) ++ callGasLimit(16)`.
            bytes32 accountGasLimits;
            /// Gas beyond what is measured.
            uint256 preVerificationGas;
            /// `maxPriorityFeePerGas(16) ++ maxFeePerGas(16)`.
            bytes32 gasFees;
            /// `paymaster(20) ++ verificationGas(16) ++ postOpGas(16) ++ data`, or empty.
            bytes paymasterAndData;
            /// What the account checks.
            bytes signature;
        }

        /// Runs operations.
        function handleOps(PackedUserOperation[] ops, address beneficiary);
        /// The contract's own hash of an operation.
        function getUserOpHash(PackedUserOperation userOp) returns (bytes32);
    }
}

alloy_sol_types::sol! {
    /// The next nonce of a key, key included.
    function getNonce(address sender, uint192 key) returns (uint256);
    /// The deposit of an account or paymaster.
    function balanceOf(address account) returns (uint256);

    /// One call of a batch.
    #[derive(Debug, Default, PartialEq, Eq, Hash)]
    struct BatchCall {
        /// Who is called.
        address target;
        /// With how much, in wei.
        uint256 value;
        /// With what.
        bytes callData;
    }

    /// ERC-7579: runs calls.
    function execute(bytes32 mode, bytes executionCalldata);
    /// ERC-7579: runs calls for an installed executor.
    function executeFromExecutor(bytes32 mode, bytes executionCalldata) returns (bytes[]);
}

/// ERC-7579 accounts: modules and what can be asked of them.
pub mod account {
    alloy_sol_types::sol! {
        /// Installs a module.
        function installModule(uint256 moduleTypeId, address module, bytes initData);
        /// Uninstalls a module.
        function uninstallModule(uint256 moduleTypeId, address module, bytes deInitData);
        /// Whether a module is installed; the context of a fallback is its selector.
        function isModuleInstalled(uint256 moduleTypeId, address module, bytes additionalContext) returns (bool);
        /// Whether the account takes modules of a type.
        function supportsModule(uint256 moduleTypeId) returns (bool);
        /// Whether the account runs executions of a mode.
        function supportsExecutionMode(bytes32 encodedMode) returns (bool);
        /// `vendor.account.version`.
        function accountId() returns (string);
        /// A page of the installed validators, newest first.
        function getValidatorsPaginated(address cursor, uint256 size) returns (address[] array, address next);
        /// A page of the installed executors, newest first.
        function getExecutorsPaginated(address cursor, uint256 size) returns (address[] array, address next);
        /// The installed hook, or zero.
        function getActiveHook() returns (address hook);
        /// The fallback handler of a selector.
        function getFallbackHandlerBySelector(bytes4 selector) returns (bytes1 callType, address handler);
        /// ERC-1271: `0x1626ba7e` when the signature is the account's.
        function isValidSignature(bytes32 hash, bytes signature) returns (bytes4);
        /// ERC-5267: the account's EIP-712 domain.
        function eip712Domain() returns (
            bytes1 fields,
            string name,
            string version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] extensions
        );
        /// ERC-1967 and UUPS: changes the account's code.
        function upgradeToAndCall(address newImplementation, bytes data);
        /// Lets a caller of ERC-1271 go without nested hashing (owner validators of Nexus).
        function addSafeSender(address sender);
        /// Takes that permission away.
        function removeSafeSender(address sender);
    }
}

/// Nexus: factories, bootstrap and its own functions.
pub mod nexus {
    alloy_sol_types::sol! {
        /// A module and its init data.
        #[derive(Debug, Default, PartialEq, Eq, Hash)]
        struct BootstrapConfig {
            /// The module; entries with the zero address are skipped.
            address module;
            /// Its init data.
            bytes data;
        }
        /// A pre-validation hook and its init data.
        #[derive(Debug, Default, PartialEq, Eq, Hash)]
        struct BootstrapPreValidationHookConfig {
            /// 8 for ERC-1271, 9 for ERC-4337.
            uint256 hookType;
            /// The hook.
            address module;
            /// Its init data.
            bytes data;
        }

        /// Bootstrap of 1.0.x: one validator, and what the module registry is asked.
        function initNexusWithSingleValidator(
            address validator,
            bytes data,
            address registry,
            address[] attesters,
            uint8 threshold
        );
        /// Bootstrap of 1.2 and later: the default validator and any other modules.
        function initNexusWithDefaultValidatorAndOtherModulesNoRegistry(
            bytes defaultValidatorInitData,
            BootstrapConfig[] validators,
            BootstrapConfig[] executors,
            BootstrapConfig hook,
            BootstrapConfig[] fallbacks,
            BootstrapPreValidationHookConfig[] preValidationHooks
        );
        /// Startale's bootstrap: the same under another name.
        function initWithDefaultValidatorAndOtherModules(
            bytes defaultValidatorInitData,
            BootstrapConfig[] validators,
            BootstrapConfig[] executors,
            BootstrapConfig hook,
            BootstrapConfig[] fallbacks,
            BootstrapPreValidationHookConfig[] preValidationHooks
        );
        /// Bootstrap of 1.2 and later: the default validator alone.
        function initNexusWithDefaultValidator(bytes data);
        /// The account's initialisation: `abi.encode(bootstrap, call)`.
        function initializeAccount(bytes initData);
        /// The default validator (1.2 and later).
        function getDefaultValidator() returns (address);
        /// Whether the account is initialised (1.2 and later).
        function isInitialized() returns (bool);
        /// Deposits the value of the call at the entry point.
        function addDeposit();
        /// Takes a deposit out of the entry point.
        function withdrawDepositTo(address to, uint256 amount);
        /// The account's deposit at the entry point.
        function getDeposit() returns (uint256);

        /// A hook to remove without its consent (1.2 and later).
        #[derive(Debug, Default, PartialEq, Eq, Hash)]
        struct EmergencyUninstall {
            /// The hook.
            address hook;
            /// Its module type.
            uint256 hookType;
            /// What it is told.
            bytes deInitData;
            /// Used once.
            uint256 nonce;
        }
        /// Removes a hook: the first call starts a day of waiting.
        function emergencyUninstallHook(EmergencyUninstall data, bytes signature);
    }

    /// The emergency removal of 1.0.x, which has the same name.
    pub mod v1_0 {
        alloy_sol_types::sol! {
            /// Removes a hook: the first call starts a day of waiting.
            function emergencyUninstallHook(address hook, bytes deInitData);
        }
    }

    /// The factory of an owner and attesters.
    pub mod k1_factory {
        alloy_sol_types::sol! {
            /// Creates the owner's account.
            function createAccount(address eoaOwner, uint256 index, address[] attesters, uint8 threshold) returns (address);
        }
    }

    /// The factory of any init data.
    pub mod account_factory {
        alloy_sol_types::sol! {
            /// Creates the account of an init data and a salt.
            function createAccount(bytes initData, bytes32 salt) returns (address);
            /// The address of that account.
            function computeAccountAddress(bytes initData, bytes32 salt) returns (address);
        }
    }
}

/// Kernel v3: its initialisation, factories and own functions.
pub mod kernel {
    alloy_sol_types::sol! {
        /// The account's initialisation; the root validator is `0x01 ++ validator`.
        function initialize(
            bytes21 rootValidator,
            address hook,
            bytes validatorData,
            bytes hookData,
            bytes[] initConfig
        );
        /// The factory: creates the account of an initialisation and a salt.
        function createAccount(bytes data, bytes32 salt) returns (address);
        /// The staked factory: has a factory create an account.
        function deployWithFactory(address factory, bytes createData, bytes32 salt) returns (address);
        /// Lets a validation call a selector.
        function grantAccess(bytes21 vId, bytes4 selector, bool allow);
        /// Whether a validation may call a selector.
        function isAllowedSelector(bytes21 vId, bytes4 selector) returns (bool);
        /// Changes the account's code.
        function upgradeTo(address newImplementation);
    }
}

/// Safe and its ERC-7579 adapter.
pub mod safe {
    alloy_sol_types::sol! {
        /// A module and its init data.
        #[derive(Debug, Default, PartialEq, Eq, Hash)]
        struct ModuleInit {
            /// The module.
            address module;
            /// Its init data.
            bytes initData;
        }

        /// Safe's initialisation.
        function setup(
            address[] owners,
            uint256 threshold,
            address to,
            bytes data,
            address fallbackHandler,
            address paymentToken,
            uint256 payment,
            address paymentReceiver
        );
        /// The launchpad: makes a Safe an ERC-7579 account, from within its initialisation.
        function addSafe7579(
            address safe7579,
            ModuleInit[] validators,
            ModuleInit[] executors,
            ModuleInit[] fallbacks,
            ModuleInit[] hooks,
            address[] attesters,
            uint8 threshold
        );
        /// The proxy factory: creates the Safe of an initialisation and a salt.
        function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address);
        /// The proxy factory: the creation code of its proxies.
        function proxyCreationCode() returns (bytes);
    }
}

/// What entry points say: events and errors, the same in all versions.
pub mod entry_point {
    alloy_sol_types::sol! {
        /// An operation was done, successfully or not.
        #[derive(Debug, PartialEq, Eq)]
        event UserOperationEvent(
            bytes32 indexed userOpHash,
            address indexed sender,
            address indexed paymaster,
            uint256 nonce,
            bool success,
            uint256 actualGasCost,
            uint256 actualGasUsed
        );
        /// An account was created.
        #[derive(Debug, PartialEq, Eq)]
        event AccountDeployed(bytes32 indexed userOpHash, address indexed sender, address factory, address paymaster);
        /// The account's call reverted.
        #[derive(Debug, PartialEq, Eq)]
        event UserOperationRevertReason(
            bytes32 indexed userOpHash,
            address indexed sender,
            uint256 nonce,
            bytes revertReason
        );
        /// The paymaster's work after the call reverted.
        #[derive(Debug, PartialEq, Eq)]
        event PostOpRevertReason(
            bytes32 indexed userOpHash,
            address indexed sender,
            uint256 nonce,
            bytes revertReason
        );
        /// The payment did not cover the gas used.
        #[derive(Debug, PartialEq, Eq)]
        event UserOperationPrefundTooLow(bytes32 indexed userOpHash, address indexed sender, uint256 nonce);
        /// All operations of the bundle passed validation.
        #[derive(Debug, PartialEq, Eq)]
        event BeforeExecution();

        /// An operation was refused.
        #[derive(Debug, PartialEq, Eq)]
        error FailedOp(uint256 opIndex, string reason);
        /// An operation was refused because a contract reverted.
        #[derive(Debug, PartialEq, Eq)]
        error FailedOpWithRevert(uint256 opIndex, string reason, bytes inner);
        /// An aggregator refused its signatures.
        #[derive(Debug, PartialEq, Eq)]
        error SignatureValidationFailed(address aggregator);
    }
}
