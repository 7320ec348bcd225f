//! Whatever is handed in: an answer or one line of error, never a panic.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

fn answers(bytes: &[u8]) -> Result<(), TestCaseError> {
    let hex = format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    for input in [hex, String::from_utf8_lossy(bytes).into_owned()] {
        let output = run_with(&["decode", "-"], &input);
        prop_assert!(matches!(output.status.code(), Some(0 | 2)), "{input}: {output:?}");
    }
    Ok(())
}

/// Beginnings that lead somewhere.
fn head() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![]),
        Just(vec![0]),
        Just(vec![1]),
        Just(vec![2]),
        Just(b"SSGRANT\n".to_vec()),
        Just(vec![0x21, 0x71, 0x24, 0x07]),
        Just(vec![0xe9, 0xae, 0x5c, 0x53]),
        Just(vec![0x8d, 0xd7, 0x71, 0x2f, 0xe9, 0xae, 0x5c, 0x53]),
        Just(vec![0x76, 0x5e, 0x82, 0x7f]),
        Just(vec![0x08, 0xc3, 0x79, 0xa0]),
        Just(vec![0x3b, 0x57, 0x73, 0x61]),
        Just(vec![0x97, 0x00, 0x32, 0x03]),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_bytes(head in head(), tail in prop::collection::vec(any::<u8>(), 0..300)) {
        answers(&[head, tail].concat())?;
    }

    #[test]
    fn bytes_that_were_changed(case in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let cases = cases("session-signatures");
        let packed = case.get(&cases)["expected"]["packed"].as_str().unwrap().to_owned();
        let mut bytes: Vec<u8> = (2..packed.len()).step_by(2).map(|at| u8::from_str_radix(&packed[at..at + 2], 16).unwrap()).collect();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        answers(&bytes)?;
        bytes.truncate(at);
        answers(&bytes)?;
    }
}
