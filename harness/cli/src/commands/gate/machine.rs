//! The machine that figures were measured on.

use std::fs;

/// Processors, their model, and eight digits that tell this machine from others of the kind.
pub fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let model = model(&text("/proc/cpuinfo")).unwrap_or("processors").to_owned();
    let itself = [text("/etc/machine-id"), text("/proc/sys/kernel/hostname")].concat();
    format!("{processors} x {model} ({:08x})", crc32fast::hash(itself.as_bytes()))
}

/// The model of the first processor.
fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_each_time() {
        assert_eq!(machine(), machine());
        assert_eq!(model("processor\t: 0\nmodel name\t: Fast One 9\n"), Some("Fast One 9"));
        assert_eq!(model(""), None);
    }
}
