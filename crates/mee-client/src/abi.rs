//! The functions that the client calls or builds calls to.

pub(crate) mod entry_point {
    alloy_sol_types::sol! {
        function getNonce(address sender, uint192 key) external view returns (uint256);
    }
}

pub(crate) mod account {
    alloy_sol_types::sol! {
        function installModule(uint256 moduleTypeId, address module, bytes initData) external;
        function isModuleInstalled(uint256 moduleTypeId, address module, bytes additionalContext) external view returns (bool);
        function accountId() external view returns (string);
        function eip712Domain() external view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions);
        function addSafeSender(address sender) external;
        function computeAccountAddress(bytes initData, bytes32 salt) external view returns (address);
    }
}

pub(crate) mod token {
    alloy_sol_types::sol! {
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function decimals() external view returns (uint8);
        function nonces(address owner) external view returns (uint256);
        function name() external view returns (string);
        function version() external view returns (string);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
    }
}

pub(crate) mod helper {
    alloy_sol_types::sol! {
        function forward(address recipient) external payable;
        function writeStorage(bytes32 slot, bytes32 value, address account) external;
        function readStorage(bytes32 namespace, bytes32 slot) external view returns (bytes32);

        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result3 { bool success; bytes returnData; }
        function aggregate3(Call3[] calls) external payable returns (Result3[] returnData);
    }
}
