//! Links without start files and libraries, and turns recorded vectors into constants.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    // Not by RUSTFLAGS, so that build scripts and macros are built as ever. Nothing would relocate vtables before `_start`.
    for argument in ["-nostartfiles", "-nodefaultlibs", "-static", "-no-pie"] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    let vectors = Path::new("../../vectors");
    println!("cargo::rerun-if-changed={}", vectors.display());
    let mut code = String::new();
    ids(&mut code, &cases(vectors, "ids.json")?)?;
    operations(&mut code, &cases(vectors, "userops.json")?)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    Ok(std::fs::write(out.join("cases.rs"), code)?)
}

fn cases(folder: &Path, name: &str) -> Result<Vec<Value>> {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(name))?)?;
    Ok(document["cases"].as_array().ok_or("no cases")?.clone())
}

/// A constant: a slice for the fields without a fixed length.
fn bytes(field: &str, value: &Value) -> String {
    let slice = matches!(field, "init_data" | "init_code" | "call_data" | "paymaster_and_data");
    format!("{}hex!({value})", if slice { "&" } else { "" })
}

fn ids(code: &mut String, cases: &[Value]) -> Result<()> {
    writeln!(code, "pub(crate) const IDS: &[Ids] = &[")?;
    for case in cases {
        writeln!(code, "Ids {{")?;
        for (field, name) in [
            ("validator", "sessionValidator"),
            ("init_data", "sessionValidatorInitData"),
            ("salt", "salt"),
            ("account", "account"),
            ("target", "actionTarget"),
            ("selector", "actionTargetSelector"),
        ] {
            writeln!(code, "{field}: {},", bytes(field, &case[name]))?;
        }
        for (field, name) in
            [("permission_id", "permissionId"), ("action_policy_id", "actionPolicyId"), ("config_id", "actionConfigId")]
        {
            writeln!(code, "{field}: hex!({}),", case["expected"][name])?;
        }
        writeln!(code, "}},")?;
    }
    Ok(writeln!(code, "];")?)
}

/// The packed ones: what a device gets to hash.
fn operations(code: &mut String, cases: &[Value]) -> Result<()> {
    writeln!(code, "pub(crate) const OPERATIONS: &[Packed] = &[")?;
    for case in cases {
        let packed = &case["expected"]["packed"];
        let version = match case["entryPointVersion"].as_str() {
            Some("0.7") => "V0_7",
            Some("0.8") => "V0_8",
            Some("0.9") => "V0_9",
            _ => continue,
        };
        if packed.is_null() {
            continue;
        }
        writeln!(code, "Packed {{ version: EntryPointVersion::{version}, chain_id: {},", case["chainId"])?;
        writeln!(code, "entry_point: hex!({}), hash: hex!({}),", case["entryPoint"], case["expected"]["userOpHash"])?;
        match &case["authorization"]["address"] {
            Value::Null => writeln!(code, "delegate: None,")?,
            delegate => writeln!(code, "delegate: Some(hex!({delegate})),")?,
        }
        for (field, name) in [("nonce", "nonce"), ("pre_verification_gas", "preVerificationGas")] {
            writeln!(code, "{field}: {},", packed[name])?;
        }
        for (field, name) in [
            ("sender", "sender"),
            ("init_code", "initCode"),
            ("call_data", "callData"),
            ("account_gas_limits", "accountGasLimits"),
            ("gas_fees", "gasFees"),
            ("paymaster_and_data", "paymasterAndData"),
        ] {
            writeln!(code, "{field}: {},", bytes(field, &packed[name]))?;
        }
        writeln!(code, "}},")?;
    }
    Ok(writeln!(code, "];")?)
}
