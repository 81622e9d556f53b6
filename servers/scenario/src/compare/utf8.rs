//! Files of any encoding as UTF-8, as they are read.

use std::io::{self, Read};

use stend_core::Problem;

/// The input as UTF-8 without a byte order mark. Some proxies write UTF-16.
pub(super) fn utf8(mut input: impl Read) -> Result<impl Read, Problem> {
    let mut first = [0_u8; 3];
    let mut have = 0;
    while have < first.len() {
        match input.read(&mut first[have..]) {
            Ok(0) => break,
            Ok(read) => have += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Problem::invalid(format!("cannot be read: {error}"))),
        }
    }
    let encoding = match first[..have] {
        [0xFF, 0xFE, ..] => encoding_rs::UTF_16LE,
        [0xFE, 0xFF, ..] => encoding_rs::UTF_16BE,
        _ => encoding_rs::UTF_8,
    };
    let input = io::Cursor::new(first[..have].to_vec()).chain(input);
    Ok(Decoded {
        input,
        decoder: encoding.new_decoder(),
        raw: vec![0; 64 * 1024],
        text: Vec::new(),
        at: 0,
        ended: false,
    })
}

/// Bytes of any encoding as UTF-8.
struct Decoded<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            let read = self.input.read(&mut self.raw)?;
            self.ended = read == 0;
            self.at = 0;
            self.text.resize(3 * self.raw.len() + 16, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&self.raw[..read], &mut self.text, self.ended);
            self.text.truncate(written);
        }
        let give = into.len().min(self.text.len() - self.at);
        into[..give].copy_from_slice(&self.text[self.at..self.at + give]);
        self.at += give;
        Ok(give)
    }
}
