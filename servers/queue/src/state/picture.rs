//! The picture of a ticket: number, services, time and a QR code, as a terminal would print it.
//!
//! Words that are wider than the paper continue on the next line. A letter that the font lacks is drawn as the
//! replacement character, so that a reader sees that something stands there.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::{Color, QrCode};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::state::State;
use crate::state::tickets::Consumer;

/// DejaVu Sans Bold; its licence stands beside it.
static FACE: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold.ttf");

/// Width of the paper of a common ticket printer, in dots: 48 mm at 8 dots a millimetre.
const WIDTH: usize = 384;
/// The quiet zone that a QR code needs around it: four of its modules.
const MARGIN: usize = 24;
/// Width of the text.
const ROOM: f32 = (WIDTH - 2 * MARGIN) as f32;
/// Sides of a module of the QR code, in dots.
const DOT: usize = 6;
/// The most lines of service names, and of a ticket's number.
const MOST_LINES: usize = 8;
/// The smallest size at which a ticket's number is written on one line.
const SMALLEST: f32 = 32.0;
/// What is drawn for a letter that the font lacks.
const REPLACEMENT: char = '\u{fffd}';

/// What stands on a ticket.
pub(crate) struct Picture {
    ticket: String,
    services: Vec<String>,
    time: String,
    code: String,
}

/// Dots, dark from 0 to 255.
struct Canvas {
    dots: Vec<u8>,
    height: usize,
}

fn font() -> Option<&'static FontRef<'static>> {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(FACE).ok()).as_ref()
}

impl Picture {
    /// The ticket as it is now.
    pub(crate) fn of(consumer: &Consumer, state: &State) -> Self {
        let local = consumer.registration.to_zoned(state.zone());
        Self {
            ticket: consumer.ticket(),
            services: consumer.services.values().map(|taken| taken.name.clone()).collect(),
            time: local.strftime("%d.%m.%Y %H:%M:%S").to_string(),
            code: format!("ticket={};id={};registration={}", consumer.ticket(), consumer.id, consumer.registration),
        }
    }

    /// As the document has it: `image/png;base64,` and the picture.
    pub(crate) fn preview(&self) -> String {
        format!("image/png;base64,{}", STANDARD.encode(self.png()))
    }

    /// The picture.
    pub(crate) fn png(&self) -> Vec<u8> {
        let canvas = self.draw();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, WIDTH as u32, canvas.height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let light: Vec<u8> = canvas.dots.iter().map(|dark| 255 - dark).collect();
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&light));
        if let Err(error) = written {
            tracing::error!(%error, "a ticket cannot be drawn");
        }
        bytes
    }

    /// The lines of text from top to bottom, each with its size in dots.
    fn lines(&self) -> Vec<(String, f32)> {
        let ticket = drawable(&self.ticket);
        let size = fitting(&ticket, 96.0);
        let ticket = cut(wrapped(&ticket, size), size).into_iter().map(|line| (line, size));
        let names: Vec<String> = self.services.iter().flat_map(|name| wrapped(&drawable(name), 26.0)).collect();
        let names = cut(names, 26.0).into_iter().map(|line| (line, 26.0));
        ticket.chain(names).chain([(self.time.clone(), 24.0)]).collect()
    }

    fn draw(&self) -> Canvas {
        let lines = self.lines();
        let code = QrCode::new(self.code.as_bytes()).ok();
        let text: usize = lines.iter().map(|(_, size)| *size as usize + 8).sum();
        let side = code.as_ref().map_or(0, QrCode::width);
        let height = MARGIN + text + MARGIN + side * DOT + MARGIN;
        let mut canvas = Canvas { dots: vec![0; WIDTH * height], height };
        let mut top = MARGIN;
        for (line, size) in lines {
            canvas.write(&line, size, top);
            top += size as usize + 8;
        }
        top += MARGIN;
        if let Some(code) = code {
            let dot = DOT.min((WIDTH - 2 * MARGIN) / side.max(1)).max(1);
            let left = (WIDTH - side * dot) / 2;
            for (i, colour) in code.to_colors().into_iter().enumerate() {
                if colour == Color::Dark {
                    canvas.fill(left + i % side * dot, top + i / side * dot, dot);
                }
            }
        }
        canvas
    }
}

impl Canvas {
    fn fill(&mut self, left: usize, top: usize, side: usize) {
        for y in top..(top + side).min(self.height) {
            for x in left..(left + side).min(WIDTH) {
                self.dots[y * WIDTH + x] = 255;
            }
        }
    }

    /// A line in the middle of the paper.
    fn write(&mut self, line: &str, size: f32, top: usize) {
        let Some(font) = font() else { return };
        let scaled = font.as_scaled(PxScale::from(size));
        let mut at = ((WIDTH as f32 - width(line, size)) / 2.0).max(0.0);
        for letter in line.chars() {
            let id = scaled.glyph_id(letter);
            let glyph = Glyph { id, scale: PxScale::from(size), position: point(at, top as f32 + scaled.ascent()) };
            at += scaled.h_advance(id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            outline.draw(|x, y, dark| {
                let (x, y) = (bounds.min.x as i64 + i64::from(x), bounds.min.y as i64 + i64::from(y));
                if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
                    && x < WIDTH
                    && y < self.height
                {
                    let dot = &mut self.dots[y * WIDTH + x];
                    *dot = (*dot).max((dark * 255.0) as u8);
                }
            });
        }
    }
}

fn width(line: &str, size: f32) -> f32 {
    let Some(font) = font() else { return 0.0 };
    let scaled = font.as_scaled(PxScale::from(size));
    line.chars().map(|letter| scaled.h_advance(scaled.glyph_id(letter))).sum()
}

/// The size, at most this one, at which a line fits the paper; not below [`SMALLEST`].
fn fitting(line: &str, size: f32) -> f32 {
    let wide = width(line, size);
    if wide > ROOM { (size * ROOM / wide).max(SMALLEST) } else { size }
}

/// The text as the font can draw it: composed letters, no control characters, and [`REPLACEMENT`] for each character
/// (as people count them) that has no glyph.
fn drawable(text: &str) -> String {
    let Some(font) = font() else { return text.to_owned() };
    let has_glyph = |letter: &char| font.glyph_id(*letter).0 != 0 && !letter.is_control();
    let composed: String = text.nfc().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect();
    let mut drawn = String::new();
    for character in composed.graphemes(true) {
        if character.chars().all(char::is_control) {
            continue;
        }
        let known = drawn.len();
        drawn.extend(character.chars().filter(has_glyph));
        if !drawn[known..].chars().any(|letter| letter == ' ' || width(letter.encode_utf8(&mut [0; 4]), 26.0) > 0.0) {
            drawn.truncate(known);
            drawn.push(REPLACEMENT);
        }
    }
    drawn
}

/// At most [`MOST_LINES`] lines; the last of more ends in an ellipsis.
fn cut(mut lines: Vec<String>, size: f32) -> Vec<String> {
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        if let Some(last) = lines.last_mut() {
            while width(last, size) + width("…", size) > ROOM && last.pop().is_some() {}
            last.push('…');
        }
    }
    lines
}

/// The words of a text on lines that fit the paper; a word that is wider continues on the next line. Stops after
/// [`MOST_LINES`] lines and one.
fn wrapped(text: &str, size: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if lines.len() > MOST_LINES {
            break;
        }
        match lines.last_mut() {
            Some(line) if width(line, size) + width(" ", size) + width(word, size) <= ROOM => {
                line.push(' ');
                line.push_str(word);
            }
            _ => broken(word, size, &mut lines),
        }
    }
    lines
}

/// Adds a word to the lines, in pieces that fit the paper.
fn broken(word: &str, size: f32, lines: &mut Vec<String>) {
    let (mut piece, mut wide) = (String::new(), 0.0);
    for letter in word.chars() {
        let advance = width(letter.encode_utf8(&mut [0; 4]), size);
        if wide + advance > ROOM && !piece.is_empty() {
            lines.push(std::mem::take(&mut piece));
            wide = 0.0;
            if lines.len() > MOST_LINES {
                return;
            }
        }
        piece.push(letter);
        wide += advance;
    }
    lines.push(piece);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(ticket: &str) -> Picture {
        Picture {
            ticket: ticket.into(),
            services: vec!["Назначение / Отмена занятий на тренажере".into()],
            time: "17.06.2015 15:09:14".into(),
            code: "ticket=Г001;id=29".into(),
        }
    }

    fn decoded(picture: &Picture) -> (png::OutputInfo, Vec<u8>) {
        let bytes = picture.png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut dots = vec![0; reader.output_buffer_size().expect("it fits")];
        let info = reader.next_frame(&mut dots).expect("a picture");
        (info, dots)
    }

    #[proves("QU-128")]
    #[test]
    fn it_is_a_png_with_dark_on_light() {
        let (info, dots) = decoded(&picture("Г001"));
        assert_eq!(info.width as usize, WIDTH);
        let dark = dots.iter().filter(|dot| **dot < 64).count();
        assert!((dots.len() / 50..dots.len() / 2).contains(&dark), "{dark} of {} dots are dark", dots.len());
        assert!(picture("Г001").preview().starts_with("image/png;base64,iVBORw0KGgo"));
    }

    #[test]
    fn cyrillic_letters_have_glyphs_of_their_own() {
        let font = font().expect("the face is good");
        let empty = font.glyph_id('\u{10ffff}');
        for letter in ('А'..='я').chain(['Ё', 'ё', '№', '…', '0', 'H']) {
            assert_ne!(font.glyph_id(letter), empty, "{letter}");
        }
    }

    #[proves("QU-128", "Q25")]
    #[test]
    fn every_line_fits_the_paper_and_no_letter_of_a_long_word_is_lost() {
        let word = "Водительскоеудостоверениемеждународногообразца";
        let long = Picture {
            services: vec![format!("Выдача: {word}")], ..picture("ОЧЕНЬДЛИННЫЙПРЕФИКС123456789")
        };
        let lines = long.lines();
        for (line, size) in &lines {
            assert!(width(line, *size) <= ROOM, "`{line}` is {} dots wide", width(line, *size));
        }
        let text: String = lines.iter().map(|(line, _)| line.as_str()).collect();
        assert!(text.contains("ОЧЕНЬДЛИННЫЙПРЕФИКС123456789"), "{text}");
        assert!(text.contains(word), "{text}");
        let endless = Picture { services: vec!["х".repeat(3000)], ..picture("Г001") };
        let lines = endless.lines();
        assert_eq!(lines.len(), 1 + MOST_LINES + 1);
        assert!(lines[MOST_LINES].0.ends_with('…'));
        assert!(width(&lines[MOST_LINES].0, 26.0) <= ROOM);
    }

    #[test]
    fn letters_that_the_font_lacks_are_drawn_as_the_replacement_character() {
        // Two letters of Chinese, a family of three joined people, a tab, a control character.
        assert_eq!(drawable("Виза 中国\t👨‍👩‍👧\u{7}"), "Виза \u{fffd}\u{fffd} \u{fffd}");
        // A decomposed й is one letter, and has its glyph.
        assert_eq!(drawable("и\u{306}"), "й");
        assert_eq!(drawable("Кыргызча, Ўзбек, €, №1"), "Кыргызча, Ўзбек, €, №1");
        let shown = font().expect("the face is good").glyph_id(REPLACEMENT);
        assert_ne!(shown.0, 0, "the replacement has a glyph of its own");
    }

    #[test]
    fn it_is_drawn_from_the_ticket() {
        assert_ne!(decoded(&picture("Г001")).1, decoded(&picture("Н001")).1);
        // However long the names: no panic, and not without end.
        let mut long = picture("ОЧЕНЬДЛИННЫЙПРЕФИКС123456789");
        long.services = vec!["слово ".repeat(500), "х".repeat(3000)];
        assert!(decoded(&long).0.height < 1000);
    }
}
