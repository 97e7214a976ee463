//! Paths: `/` and `/a/b`.

use ordalia_node::{ErrorCode, Refusal};

/// The longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 4096;
/// The longest component, in bytes.
pub const MAX_COMPONENT_BYTES: usize = 255;

/// Sees that a text is a path.
///
/// # Errors
/// It is not; says what was expected.
pub fn check(path: &str) -> Result<(), Refusal> {
    let wrong = |expected: &str| {
        let found: String = path.chars().take(80).collect();
        let text = format!("path: expected {expected}, found {found:?}");
        Err(Refusal::new(ErrorCode::MalformedRequest, text))
    };
    if path.len() > MAX_PATH_BYTES {
        return wrong("at most 4096 bytes");
    }
    let Some(rest) = path.strip_prefix('/') else { return wrong("a slash in front") };
    if rest.is_empty() {
        return Ok(());
    }
    for component in rest.split('/') {
        if component.is_empty() || component.len() > MAX_COMPONENT_BYTES {
            return wrong("1 to 255 bytes between slashes");
        }
        if !component.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return wrong("printable bytes of ASCII");
        }
    }
    Ok(())
}

/// The parent and the last component; nothing for the root. The path is a checked one, or the
/// beginning of one.
pub fn split(path: &str) -> Option<(&str, &str)> {
    let (parent, name) = path.rsplit_once('/')?;
    match (parent, name) {
        ("", "") => None,
        ("", name) => Some(("/", name)),
        both => Some(both),
    }
}

/// The paths from below the root down to a checked path, itself included.
pub fn down_to(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.match_indices('/').skip(1).map(|(end, _)| &path[..end]);
    inner.chain((path != "/").then_some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_slashes_and_components() {
        for good in ["/", "/a", "/a/b c", &format!("/{}", "x".repeat(255))] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let long = ["/x".repeat(2049), format!("/{}", "x".repeat(256))];
        for wrong in ["", "a", "//", "/a/", "/a//b", "/ä", "/a\n", &long[0], &long[1]] {
            assert_eq!(check(wrong).unwrap_err().code, ErrorCode::MalformedRequest, "{wrong}");
        }
    }

    #[test]
    fn paths_fall_into_parent_and_name() {
        assert_eq!(split("/"), None);
        assert_eq!(split("/a"), Some(("/", "a")));
        assert_eq!(split("/a/b"), Some(("/a", "b")));
        assert_eq!(split("/a/"), Some(("/a", "")), "the beginning of a sequential name");
        assert_eq!(down_to("/a/b/c").collect::<Vec<_>>(), ["/a", "/a/b", "/a/b/c"]);
        assert_eq!(down_to("/a").collect::<Vec<_>>(), ["/a"]);
        assert_eq!(down_to("/").count(), 0);
    }
}
