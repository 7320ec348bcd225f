//! The whole tutorial on a chain.

fn main() {}
