//! A local chain with a real bundler: anvil, alto and the contracts, for tests, the demo and development.
