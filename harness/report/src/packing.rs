//! Data as they stand in a page: JSON, compressed with gzip, in base64.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::base64::encode;

/// The packed form. Its letters need no escaping in HTML.
pub(crate) fn packed(data: &impl Serialize) -> String {
    let json = serde_json::to_vec(data).unwrap_or_default();
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    // Neither numbers and texts as JSON nor writing to memory can fail; if one did the page would say that it has
    // no data.
    let packed = packer.write_all(&json).and_then(|()| packer.finish());
    encode(&packed.unwrap_or_default())
}
