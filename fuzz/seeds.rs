//! Writes the recorded vectors as first inputs for every target: `cargo +nightly run --bin seeds`.

#[path = "../crates/session-types/tests/decoders/mod.rs"]
#[allow(dead_code)]
mod decoders;
#[path = "../crates/session-types/tests/mutations/mod.rs"]
#[allow(dead_code)]
mod mutations;

fn main() -> std::io::Result<()> {
    for decoder in decoders::DECODERS {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(decoder.name);
        std::fs::create_dir_all(&folder)?;
        let values = mutations::seeds().into_iter().filter(|seed| (decoder.read)(seed));
        for (index, seed) in values.enumerate() {
            std::fs::write(folder.join(format!("vector-{index}")), seed)?;
        }
    }
    Ok(())
}
