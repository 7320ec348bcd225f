//! `docs/errors.md` says what the code says.

use std::fmt::Write as _;
use std::path::Path;

use bundler_rpc::{AaCode, ErrorResponse};
use serde_json::json;

/// One error of each kind, as bundlers word it.
const KINDS: [(i64, &str); 28] = [
    (-32700, "parse error"),
    (-32600, "invalid request"),
    (-32601, "method not found"),
    (-32602, "missing field nonce"),
    (-32602, "already known"),
    (-32602, "replacement underpriced"),
    (-32602, "AA25 … already present in mempool, bump the gas price by minimum 10%"),
    (-32602, "AA25 … is already being processed"),
    (-32602, "AA25 … Maximum number of parallel user operations"),
    (-32602, "maxFeePerGas must be at least 1000"),
    (-32603, "internal error"),
    (-32500, "simulation failed"),
    (-32501, "paymaster said no"),
    (-32502, "account uses banned opcode: TIMESTAMP"),
    (-32503, "operation is out of time range"),
    (-32504, "paymaster throttled or banned"),
    (-32505, "paymaster stake too low"),
    (-32505, "max operations (4) reached for unstaked sender"),
    (-32506, "unsupported aggregator"),
    (-32507, "invalid signature"),
    (-32508, "paymaster balance too low"),
    (-32521, "execution reverted"),
    (-32000, "precheck failed"),
    (-32005, "limit exceeded"),
    (429, "too many requests"),
    (-32094, "userOpHash not found"),
    (4001, "user rejected"),
    (1, "anything else"),
];

fn table() -> String {
    let mut text = String::from(
        "# Errors of bundlers and paymasters\n\n\
         Written by `UPDATE=1 cargo test -p bundler-rpc --test error_table`; the same test compares it with the code.\n\n\
         Every answer with an error becomes an `ErrorResponse` with code, text, data, `ErrorKind`, `AaCode` and revert\n\
         bytes. The last column is the class that viem throws (below `UserOperationExecutionError`).\n\n\
         ## By JSON-RPC code\n\n\
         | code | text, e.g. | `ErrorKind` | try again | remedy | viem |\n|---|---|---|---|---|---|\n",
    );
    for (code, message) in KINDS {
        let error = ErrorResponse::new("eth_sendUserOperation", code, message.to_owned(), None);
        let debug = format!("{:?}", error.kind);
        let kind = debug.split([' ', '{']).next().unwrap();
        let (retry, remedy, viem) = (error.retry(), error.remedy(), error.reference_name());
        writeln!(text, "| {code} | {message} | `{kind}` | {retry} | {remedy} | {viem} |").unwrap();
    }
    text.push_str(
        "\n## By code of the entry point\n\n\
         Found in the `data` of the error, else in its text: at its start or behind `reason:`, as a whole word. viem looks for the\n\
         letters anywhere in the text, before it looks at the JSON-RPC code.\n\n\
         | code | text | `AaCode` | try again | remedy | viem |\n|---|---|---|---|---|---|\n",
    );
    for code in AaCode::ALL {
        let viem = code.reference_name().unwrap_or("– (by JSON-RPC code)");
        writeln!(text, "| {code} | {} | `{code:?}` | {} | {} | {viem} |", code.text(), code.retry(), code.remedy())
            .unwrap();
    }
    text.push_str(
        "\n## Without an answer\n\n\
         | `BundlerError` | when | after a send | viem |\n|---|---|---|---|\n\
         | `Transport` (`Connect`) | no connection could be made | not taken: try again | HttpRequestError |\n\
         | `Transport` (`Broken`, `TimedOut`, `Http`) | the answer is lost, or an HTTP error | may be taken: looked up by hash, then the same bytes again | HttpRequestError, TimeoutError |\n\
         | `Malformed` | the answer is not what the method answers with | may be taken: as above | HttpRequestError |\n\
         | `HashMismatch` | the bundler names another hash than the one computed here | wait for the local hash | – (believed) |\n\
         | `DeadlinePassed` | the deadline came first | may be taken: look it up by its hash | WaitForUserOperationReceiptTimeoutError |\n\
         | `Dropped` | the bundler's status method says it gave the operation up, or it refuses to take it again | may still be mined by others | – |\n\
         | `NonceUsed` | another operation used the nonce | will not be mined | InvalidAccountNonceError |\n\
         | `Reverted` | mined, and its calls reverted | mined | – (no error) |\n\
         | `Unsettled` | any of these, or a refusal, after an attempt whose answer was lost | may be mined: look it up by its hash | – |\n\
         | `TooExpensive` | fees or gas are above the caller's spending limit, or cannot be | not signed, not sent | – |\n\
         | `Paymaster` | the paymaster's answer must not be signed | not sent | – |\n\n\
         Revert bytes are taken out of the entry point's own errors (`FailedOp`, `FailedOpWithRevert`), of `data` in every shape that\n\
         bundlers use, or of the text. Their first four bytes name the Solidity error: those of the session module and its policies\n\
         are decoded by `session-types` and `smart-sessions`.\n",
    );
    text
}

#[test]
fn document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let expected = table();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    // A packaged crate comes without the workspace's documents.
    if let Ok(document) = std::fs::read_to_string(&path) {
        assert!(document == expected, "docs/errors.md differs: UPDATE=1 cargo test -p bundler-rpc --test error_table");
    }
}

#[test]
fn every_sample_has_its_own_kind_or_code() {
    let kinds = KINDS.map(|(code, message)| {
        let error = ErrorResponse::new("m", code, message.to_owned(), Some(json!(null)));
        format!("{:?}", std::mem::discriminant(&error.kind))
    });
    let distinct: std::collections::HashSet<_> = kinds.iter().collect();
    // Three kinds stand twice: underpriced, too many pending, rate limited.
    assert_eq!(distinct.len(), KINDS.len() - 3);
}
