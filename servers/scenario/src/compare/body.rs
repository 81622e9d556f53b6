//! Bodies as they are recorded: base64, compressed, in other charsets.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The most that a compressed body may grow to.
const LARGEST: u64 = 128 * 1024 * 1024;

/// A body as a HAR file has it.
pub(super) struct Coded<'a> {
    pub(super) text: String,
    pub(super) base64: bool,
    pub(super) mime: Option<&'a str>,
    pub(super) headers: &'a [(String, String)],
}

/// The body's bytes, text as UTF-8; and why it could not be decoded, if it could not.
pub(super) fn decoded(coded: Coded<'_>) -> (Vec<u8>, Option<String>) {
    if !coded.base64 {
        // A text that is not base64 was decoded by whoever wrote the file.
        return (coded.text.into_bytes(), None);
    }
    let packed: Vec<u8> = coded.text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = match STANDARD.decode(packed) {
        Ok(bytes) => bytes,
        Err(error) => return (Vec::new(), Some(format!("a body is no base64: {error}"))),
    };
    let header = |name: &str| coded.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    plain(bytes, header("content-encoding"), header("content-type").or(coded.mime))
}

/// Bytes without their compression, text as UTF-8. Most exporters have decompressed already, whatever the header says.
pub(super) fn plain(bytes: Vec<u8>, coding: Option<&str>, kind: Option<&str>) -> (Vec<u8>, Option<String>) {
    let mut bytes = bytes;
    for coding in coding.unwrap_or_default().rsplit(',').map(str::trim) {
        let inflated = match coding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" if bytes.starts_with(&[0x1F, 0x8B]) => all(flate2::read::MultiGzDecoder::new(&bytes[..])),
            "deflate" if !is_text(&bytes) => {
                // Some servers leave the zlib header out.
                all(flate2::read::ZlibDecoder::new(&bytes[..]))
                    .or_else(|_| all(flate2::read::DeflateDecoder::new(&bytes[..])))
            }
            "br" if !is_text(&bytes) => all(brotli_decompressor::Decompressor::new(&bytes[..], 4096)),
            "zstd" if bytes.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) => zstd(&bytes),
            _ => continue,
        };
        match inflated {
            Ok(inflated) => bytes = inflated,
            Err(why) => return (Vec::new(), Some(format!("a body cannot be decompressed ({coding}): {why}"))),
        }
    }
    let charset = kind.and_then(|kind| {
        kind.to_ascii_lowercase()
            .split(';')
            .find_map(|part| part.trim().strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()))
    });
    let encoding = charset.and_then(|name| Encoding::for_label(name.as_bytes()));
    match encoding {
        Some(encoding) if encoding != encoding_rs::UTF_8 => (encoding.decode(&bytes).0.into_owned().into_bytes(), None),
        _ => (bytes, None),
    }
}

/// A frame of Zstandard. Its window may take 8 MiB, as browsers allow.
fn zstd(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(bytes, 8 * 1024 * 1024);
    all(decoder.map_err(|error| error.to_string())?)
}

/// Whether it is JSON, XML or other text already.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'))
}

fn all(decoder: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut limited = decoder.take(LARGEST + 1);
    limited.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it grows beyond {} MiB", LARGEST / 1024 / 1024));
    }
    Ok(bytes)
}

/// A text for a URL or a form: every character that is no letter or digit of ASCII escaped.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A form of these fields.
pub(super) fn form<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<u8> {
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Twelve times [`TEXT`], by the reference encoder.
    const ZSTD: [u8; 39] = [
        0x28, 0xB5, 0x2F, 0xFD, 0x24, 0xE4, 0xD5, 0x00, 0x00, 0x98, 0x7B, 0x22, 0x6E, 0x61, 0x6D, 0x65, 0x22, 0x3A,
        0x22, 0xD0, 0x9A, 0xD0, 0xBE, 0xD1, 0x84, 0xD0, 0xB5, 0x22, 0x7D, 0x01, 0x00, 0x9D, 0x46, 0xCD, 0x30, 0xFC,
        0x40, 0x59, 0x0E,
    ];

    const TEXT: &str = "{\"name\":\"Кофе\"}";

    fn read(bytes: &[u8], coding: Option<&str>, kind: Option<&str>) -> (String, Option<String>) {
        let (bytes, why) = plain(bytes.to_vec(), coding, kind);
        (String::from_utf8_lossy(&bytes).into_owned(), why)
    }

    #[test]
    fn compressed_bodies_are_read_and_those_that_were_decompressed_already() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(TEXT.as_bytes()).expect("memory");
        let gzip = gzip.finish().expect("memory");
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(TEXT.as_bytes()).expect("memory");
        let zlib = zlib.finish().expect("memory");
        for (bytes, coding) in [
            (&gzip[..], "gzip"),
            (&zlib[..], "deflate"),
            (&zlib[2..zlib.len() - 4], "deflate"),
            (TEXT.as_bytes(), "gzip"),
            (TEXT.as_bytes(), "br"),
        ] {
            assert_eq!(read(bytes, Some(coding), None), (TEXT.to_owned(), None), "{coding}");
        }
        let (_, why) = read(&gzip[..12], Some("gzip"), None);
        assert!(why.is_some_and(|why| why.contains("cannot be decompressed (gzip)")));
        assert_eq!(read(&ZSTD, Some("zstd"), None), (TEXT.repeat(12), None));
        let (_, why) = read(&ZSTD[..9], Some("zstd"), None);
        assert!(why.is_some_and(|why| why.contains("cannot be decompressed (zstd)")));
        // A window of 512 MiB, and a frame of half a gigabyte.
        let (_, why) = read(&[0x28, 0xB5, 0x2F, 0xFD, 0, 0x98, 1, 0, 0], Some("zstd"), None);
        assert!(why.is_some());
    }

    #[test]
    fn other_charsets_become_utf_8() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(TEXT);
        assert_eq!(read(&bytes, None, Some("application/json; charset=\"windows-1251\"")).0, TEXT);
        assert_eq!(read(TEXT.as_bytes(), None, Some("application/json;charset=UTF-8")).0, TEXT);
    }

    #[test]
    fn a_form_is_written_with_its_letters_escaped() {
        assert_eq!(form([("a b", "1&2")].into_iter()), b"a%20b=1%262");
    }
}
