//! Names for programs stay what they are: the kebab-case form of the variant's name.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use policy_encoding::SessionRefusal;
use policy_encoding::check::Refusal;
use policy_encoding::explain::FindingKind;
use session_types::PermissionId;

fn kebab(debug: &str) -> String {
    let name = debug.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

#[test]
fn findings() {
    let codes: BTreeSet<_> = FindingKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), FindingKind::ALL.len());
    for kind in FindingKind::ALL {
        assert_eq!(kind.code(), kebab(&format!("{kind:?}")));
    }
    assert_eq!(FindingKind::OpenFallback.code(), "open-fallback");
}

#[test]
fn refusals_of_the_module() {
    let id = PermissionId(B256::ZERO);
    for refusal in [
        SessionRefusal::UnknownPermission(id),
        SessionRefusal::Paymaster(id),
        SessionRefusal::ExecutionType,
        SessionRefusal::CallType([0xff].into()),
        SessionRefusal::EmptyBatch,
        SessionRefusal::MalformedBatch,
        SessionRefusal::NoData,
        SessionRefusal::NoSessions,
        SessionRefusal::ActionTarget(Address::ZERO),
        SessionRefusal::UnsupportedPolicy(Address::ZERO),
        SessionRefusal::Validator(Address::ZERO),
        SessionRefusal::Panic(0x32),
        SessionRefusal::Chain { expected: 1, seen: 2 },
        SessionRefusal::Digest { provided: B256::ZERO, computed: B256::ZERO },
        SessionRefusal::EnableSignature { account: Address::ZERO, hash: B256::ZERO },
    ] {
        assert_eq!(refusal.code(), kebab(&format!("{refusal:?}")));
    }
    assert_eq!(SessionRefusal::EmptyBatch.code(), "empty-batch");
}

#[test]
fn refusals_of_policies() {
    let one = U256::ONE;
    for refusal in [
        Refusal::Expression,
        Refusal::Slot,
        Refusal::Value { value: one },
        Refusal::ValueLimit { limit: one, used: one, amount: one },
        Refusal::Spending { token: Address::ZERO, limit: one, used: one, amount: one },
        Refusal::Uses { limit: 1 },
        Refusal::Function { selector: [0; 4].into() },
        Refusal::Gas { limit: 1, used: one, amount: one },
        Refusal::Cost { limit: 1, used: one, amount: one },
    ] {
        assert_eq!(refusal.code(), kebab(&format!("{refusal:?}")));
    }
    assert_eq!(Refusal::Uses { limit: 1 }.code(), "uses");
}
