//! Files of any encoding as UTF-8, as they are read.

use std::io::Read;

use encoding_rs::UTF_8;
use encoding_rs_io::DecodeReaderBytesBuilder;

/// The input as UTF-8 without a byte order mark, which names another encoding: some proxies write UTF-16.
pub(super) fn utf8(input: impl Read) -> impl Read {
    DecodeReaderBytesBuilder::new().encoding(Some(UTF_8)).bom_override(true).strip_bom(true).build(input)
}
