//! The picture of a ticket: number, services, time and a QR code, as a terminal would print it.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::{Color, QrCode};

use crate::state::State;
use crate::state::tickets::Consumer;

/// DejaVu Sans Bold; its licence stands beside it.
static FACE: &[u8] = include_bytes!("../../assets/DejaVuSans-Bold.ttf");

/// As wide as the paper of a common ticket printer: 48 mm at 8 dots a millimetre.
const WIDTH: usize = 384;
/// What a QR code wants around it: four of its dots.
const MARGIN: usize = 24;
/// Sides of a dot of the QR code.
const DOT: usize = 6;
/// The most lines of service names.
const MOST_LINES: usize = 8;

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

    fn draw(&self) -> Canvas {
        let mut lines: Vec<(String, f32)> = vec![(self.ticket.clone(), fitting(&self.ticket, 96.0))];
        let mut names: Vec<String> = self.services.iter().flat_map(|name| wrapped(name, 26.0)).collect();
        if names.len() > MOST_LINES {
            names.truncate(MOST_LINES);
            names[MOST_LINES - 1].push('…');
        }
        lines.extend(names.into_iter().map(|name| (name, 26.0)));
        lines.push((self.time.clone(), 24.0));
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

/// The size, at the most this, at which a line fits the paper.
fn fitting(line: &str, size: f32) -> f32 {
    let room = (WIDTH - 2 * MARGIN) as f32;
    let wide = width(line, size);
    if wide > room { (size * room / wide).max(12.0) } else { size }
}

/// Words on as many lines as it takes.
fn wrapped(text: &str, size: f32) -> Vec<String> {
    let room = (WIDTH - 2 * MARGIN) as f32;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(word, size) + size / 3.0 <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
        if lines.len() > MOST_LINES {
            break;
        }
    }
    lines
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
    fn it_is_drawn_from_the_ticket() {
        assert_ne!(decoded(&picture("Г001")).1, decoded(&picture("Н001")).1);
        // However long the names: no panic, and not without end.
        let mut long = picture("ОЧЕНЬДЛИННЫЙПРЕФИКС123456789");
        long.services = vec!["слово ".repeat(500), "х".repeat(3000)];
        assert!(decoded(&long).0.height < 1000);
    }
}
