//! Bundler and paymaster requests and answers (`bundler-exchanges`), and the requests of one whole operation
//! (`prepare-sequence`).
//!
//! What is sent deliberately differs from the recorded reference in these points, and in no others:
//!
//! | reference | here |
//! |---|---|
//! | no `params` member for methods without parameters | `"params": []` |
//! | `null` for a missing paymaster context | `{}` |
//! | the node's fees doubled, the priority fee too | not doubled by default; the doubled form is checked here |
//! | `yParity` as a byte, `0x00` or `0x01` | a quantity, `0x0` or `0x1` |
//!
//! and what comes of an answer in these:
//!
//! | reference | here |
//! |---|---|
//! | the bundler's operation hash is believed | it is compared with the local one |
//! | `null` for an operation or receipt is an error | it is `None` |
//! | `AAnn` counts anywhere in the message | only where bundlers put it, as a whole word |
//! | a wait ends with the first error, or after a number of polls | transient errors are tolerated until the deadline |

mod compare;
mod exchanges;
mod prepare;
mod server;

use crate::Check;

/// Bundler and paymaster exchanges.
pub(super) const CHECKS: &[Check] = &[
    Check { title: "exchange", schema: "bundler-exchanges", name: "", run: exchanges::run },
    Check { title: "prepare", schema: "prepare-sequence", name: "", run: prepare::run },
];

/// Runs a check that talks to a local server.
fn block_on(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(work)
}
