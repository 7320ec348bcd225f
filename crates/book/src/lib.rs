//! Checks of the book in `docs/`.
//!
//! - Doc tests compile every Rust example of every page; those that need a network are compiled and not run.
//! - [`counterparts`] lets rustdoc resolve every item that the migration table names.
//! - `tests/book` checks links, the table of contents, the names, and that no page with examples is left out here.

#![forbid(unsafe_code)]

/// Every item that `docs/from-typescript.md` names: rustdoc fails when one does not exist.
#[deny(rustdoc::broken_intra_doc_links)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/counterparts.md"))]
pub mod counterparts {}

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../../", $path))]
            mod $name {}
        )*

        /// The pages whose examples are compiled, by their path from the project's root.
        pub const PAGES: &[&str] = &[$($path),*];
    };
}

pages! {
    argument_trees: "docs/recipes/argument-trees.md",
    benches: "docs/benches.md",
    concepts: "docs/concepts.md",
    contract_whitelist: "docs/recipes/contract-whitelist.md",
    flows: "docs/flows.md",
    gas_limits: "docs/recipes/gas-limits.md",
    migration: "docs/migration.md",
    operations: "docs/operations.md",
    session_keys: "docs/recipes/session-keys.md",
    signing_messages: "docs/recipes/signing-messages.md",
    spending_limits: "docs/recipes/spending-limits.md",
    sudo: "docs/recipes/sudo.md",
    time_frame: "docs/recipes/time-frame.md",
    universal_action: "docs/recipes/universal-action.md",
    usage_limit: "docs/recipes/usage-limit.md",
    value_limit: "docs/recipes/value-limit.md",
    wallets: "docs/wallets.md",
}
