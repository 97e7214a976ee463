//! Draws the run in a folder, after writing a made-up one there if there is none, to look at the page without
//! running anything:
//! `cargo run -p ordalia-report --example demo -- FOLDER`.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use ordalia_record::RunFolder;

#[expect(clippy::print_stdout, reason = "this is a program of its own")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("expected the folder of a run")?;
    let folder = std::path::Path::new(&folder);
    let run = RunFolder::open(folder).unwrap_or_else(|_| synthetic::write(folder));
    ordalia_report::draw(&run)?;
    print!("{}", ordalia_report::summary(&run)?);
    Ok(())
}
