//! Every decoder over recorded inputs, mutations of them and inputs made to be hard: no panic, and no memory out of
//! proportion.

mod decoders;
mod mutations;

use std::fmt::Write;

use decoders::{DECODERS, Decoder};
use mutations::{Random, mutate, seeds};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a decoder may take beside its share: the smallest bound of enable data and what they hold, open lists and
/// objects, and the test's own threads.
const CONSTANT: usize = 256 * 1024;
/// How many times the size of the input a decoder may take.
const FACTOR: usize = 16;

fn run(decoder: &Decoder, data: &[u8]) -> bool {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let read = (decoder.read)(data);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(
        taken <= FACTOR * data.len() + CONSTANT,
        "{} took {taken} bytes for {} bytes of input",
        decoder.name,
        data.len()
    );
    (decoder.round_trip)(data);
    read
}

// One test: memory is counted for the whole process.
#[test]
fn decoders_are_total_and_frugal() {
    let seeds = seeds();
    assert!(seeds.len() > 300, "{} seeds", seeds.len());
    let mut random = Random::new(0x5e55_1035);
    let mut read = vec![0_usize; DECODERS.len()];
    for (index, seed) in seeds.iter().enumerate() {
        for (decoder, read) in DECODERS.iter().zip(&mut read) {
            *read += usize::from(run(decoder, seed));
            if index % 2 == 0 {
                *read += usize::from(run(decoder, &mutate(&mut random, seed)));
            }
        }
    }
    for data in hard() {
        for decoder in DECODERS {
            run(decoder, &data);
        }
    }
    // The inputs reach into the decoders; grants are made by their own test.
    for (decoder, read) in DECODERS.iter().zip(read) {
        assert!(read > 0 || ["frozen_grant", "event"].contains(&decoder.name), "{} never read a value", decoder.name);
    }
}

/// Inputs that make careless decoders allocate, recurse or loop.
fn hard() -> Vec<Vec<u8>> {
    let word = |number: u64| [[0; 24].as_slice(), &number.to_be_bytes()].concat();
    let selectors = session_types::abi::ModuleCall::FUNCTIONS.iter().map(|(selector, _)| selector.to_vec());
    let mut inputs: Vec<Vec<u8>> = vec![
        "[".repeat(100_000).into_bytes(),
        "{\"\":".repeat(100_000).into_bytes(),
        format!("[{}0]", "0,".repeat(200_000)).into_bytes(),
        format!("[{}{{}}]", "{},".repeat(100_000)).into_bytes(),
        format!("[{}[]]", "[],".repeat(100_000)).into_bytes(),
        format!("[{}\"\"]", "\"\",".repeat(100_000)).into_bytes(),
        format!("\"{}\"", "\\ud800".repeat(50_000)).into_bytes(),
        format!("\"\\ud800{}\"", "x".repeat(200_000)).into_bytes(),
        format!("{{\"__type\":\"bigint\",\"value\":\"{}\"}}", "9".repeat(200_000)).into_bytes(),
        format!("{{\"__type\":\"bigint\",\"value\":\"0x{}\"}}", "f".repeat(200_000)).into_bytes(),
        "1e999999999".into(),
        format!("[{}", "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,".repeat(63)).into_bytes(),
        // A bomb for the decompressor: 3 bytes for each 264.
        [[0, 0].as_slice(), &[0xe0, 0xff, 0].repeat(100_000)].concat(),
        // Enable data that are a bomb.
        [[1, 0, 0].as_slice(), &[0xe0, 0xff, 0].repeat(100_000)].concat(),
        b"SSGRANT\n\0\x01\xff\xff\xff\xff".to_vec(),
    ];
    let mut members = String::from("{");
    for index in 0..20_000 {
        write!(members, "\"{}\":0,", index % 15_000).unwrap();
    }
    inputs.push(format!("{members}\"x\":0}}").into_bytes());
    // For every function: all offsets zero, all ones, all pointing at one long list of offsets.
    for selector in selectors {
        inputs.push([selector.clone(), vec![0; 8_192]].concat());
        inputs.push([selector.clone(), vec![0xff; 8_192]].concat());
        inputs.push([selector.clone(), word(32), word(255), word(32).repeat(256)].concat());
        inputs.push([selector.clone(), word(64).repeat(8), word(1_000), word(0).repeat(1_000)].concat());
        inputs.push([selector, word(32), word(1_000), word(0x7d20).repeat(1_001), word(60)].concat());
    }
    inputs
}
