//! Writes a made-up run into a folder and draws its report, to look at the page without running anything:
//! `cargo run -p ordalia-report --example demo -- FOLDER`.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

#[expect(clippy::print_stdout, reason = "this is a program of its own")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("expected a folder to write the run into")?;
    let run = synthetic::write(std::path::Path::new(&folder));
    ordalia_report::draw(&run)?;
    print!("{}", ordalia_report::summary(&run)?);
    Ok(())
}
