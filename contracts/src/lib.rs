//! Our own Solidity for tests and the demo: compiled code, addresses, and an in-process EVM to run it.
