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
