//! EVA-DTS reports, written from a machine's counters (T10).

use std::fmt::Write as _;

use crc::{CRC_16_ARC, Crc, Table};

use crate::state::State;
use crate::state::counters::{Counter, Selection};
use crate::state::machine::Machine;
use crate::state::time::Moment;

/// The report of a port: a `DXS`…`DXE` envelope around one transaction set with its check sum.
pub(crate) fn write(state: &State, machine: &Machine, port: u8, at: Moment) -> String {
    let mut set = Set::new();
    let planogram = machine.planogram_id.and_then(|id| state.planograms.get(&id));
    let model = machine.mm_id.and_then(|id| state.models.get(&id)).map_or("", |model| &model.name);
    let location = machine.location_id.and_then(|id| state.locations.get(&id)).map_or("", |place| &place.name);
    let second = |number: &str| machine.dex2.iter().any(|known| known == number);
    let mine = |number: &str| machine.ports().count() == 1 || second(number) == (port == 2);
    let counters = &machine.counters;

    set.line(
        "ID1",
        &[
            machine.serial_number.as_deref().unwrap_or(""),
            model,
            "1",
            location,
            "",
            machine.inventory_number.as_deref().unwrap_or(""),
        ],
    );
    // Two decimals, roubles.
    set.line("ID4", &["2", "643", "RUB"]);
    let (date, time) = stamp(machine, at);
    set.line("ID5", &[&date, &time]);

    let mut whole = Selection::default();
    for (_, selection) in counters.selections.iter().filter(|(number, _)| mine(number)) {
        sum(&mut whole.paid, selection.paid);
        sum(&mut whole.free, selection.free);
        sum(&mut whole.test, selection.test);
    }
    for (name, counter) in [("VA1", whole.paid), ("VA2", whole.test), ("VA3", whole.free)] {
        set.counts(name, counter);
    }
    if port == 1 {
        set.counts("CA2", counters.cash);
        // What came in, since the last collection and since the machine was made: all, into the box, into the tubes, notes.
        let came_in = |count: fn(&Counter) -> i64| {
            let [coins, tubes, notes] = [&counters.coins_in, &counters.coins_to_tubes, &counters.notes_in].map(count);
            [coins.saturating_add(notes), coins.saturating_sub(tubes), tubes, notes]
        };
        let flows = [came_in(|counter| counter.reset.value), came_in(|counter| counter.ever.value)];
        set.values("CA3", flows.as_flattened());
        set.values("CA4", &[counters.paid_out.reset.value, 0, counters.paid_out.ever.value, 0]);
        set.values("CA10", &[counters.filled.reset.value, counters.filled.ever.value]);
        set.values("CA15", &[machine.money.as_ref().map_or(0, |cash| cash.change.0)]);
        set.counts("TA2", counters.token);
        set.counts("DA2", counters.cashless);
    }
    let places = planogram.map_or(&[][..], |planogram| &planogram.layout);
    for place in places.iter().filter(|place| mine(&place.number)) {
        let product = state.products.get(&place.product_id).map_or("", |product| &product.name);
        set.line("PA1", &[&place.number, &place.price.0.to_string(), product]);
        set.selection(counters.selections.get(&place.number).unwrap_or(&Selection::default()));
    }
    // What was sold from places that the planogram no longer has.
    for (number, selection) in counters.selections.iter().filter(|(number, _)| mine(number)) {
        if !number.is_empty() && !places.iter().any(|place| place.number == *number) {
            set.line("PA1", &[number, "", ""]);
            set.selection(selection);
        }
    }
    if port == 1 {
        for failure in &machine.failures {
            let (date, time) = stamp(machine, failure.at);
            set.line("EA1", &[&failure.code, &date, &time]);
            // How often since the last collection and since the machine was made, the maker's own field, and that it is so
            // now.
            let counter = counters.failures.get(&failure.code).copied().unwrap_or_default();
            let (reset, ever) = (counter.reset.number.to_string(), counter.ever.number.max(1).to_string());
            set.line("EA2", &[&failure.code, &reset, &ever, "", "1"]);
        }
    }
    // Readings that set counters to nought; this reading and the one before, each with its reader, who has no number here;
    // the maker's own field; all readings, and how often counters were set to nought.
    let (last_date, last_time) = counters.last_read.map(|at| stamp(machine, at)).unwrap_or_default();
    let (resets, reads) = (counters.resets.to_string(), counters.reads.to_string());
    set.line("EA3", &[&resets, &date, &time, "", &last_date, &last_time, "", "", &reads, &resets]);
    set.finish()
}

/// `yymmdd` and `hhmm`, as the machine's own clock has them.
fn stamp(machine: &Machine, at: Moment) -> (String, String) {
    let local = at.local(&machine.zone(true)).0;
    (local.strftime("%y%m%d").to_string(), local.strftime("%H%M").to_string())
}

fn sum(into: &mut Counter, counter: Counter) {
    into.ever.add(counter.ever.number, counter.ever.value);
    into.reset.add(counter.reset.number, counter.reset.value);
}

/// The envelope's first line as the document prints it, and its last.
const HEAD: &str = "DXS*NRI C2    *VA*V1/1*1\r\n";
const TAIL: &str = "DXE*1*1\r\n";

/// A transaction set while it is written, behind its envelope's first line.
struct Set {
    text: String,
    lines: usize,
}

impl Set {
    fn new() -> Self {
        let mut set = Self { text: String::from(HEAD), lines: 0 };
        set.line("ST", &["001", "0001"]);
        set
    }

    fn line(&mut self, name: &str, fields: &[&str]) {
        self.text.push_str(name);
        for field in fields {
            self.text.push('*');
            // A field ends at a star and a line at its break, so neither stands in a field.
            self.text.extend(
                field.chars().map(|character| if character == '*' || character.is_control() { ' ' } else { character }),
            );
        }
        self.end_line();
    }

    /// Fields at the end that are empty are left out.
    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches('*').len());
        self.text.push_str("\r\n");
        self.lines += 1;
    }

    fn values(&mut self, name: &str, values: &[i64]) {
        self.text.push_str(name);
        for value in values {
            let _ = write!(self.text, "*{value}");
        }
        self.end_line();
    }

    /// Value and number since the machine was made, then since it was last collected.
    fn counts(&mut self, name: &str, counter: Counter) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (ever, reset) = (counter.ever, counter.reset);
        self.values(name, &[ever.value, number(ever.number), reset.value, number(reset.number)]);
    }

    /// A selection's counters: here the number stands before the value.
    fn selection(&mut self, selection: &Selection) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for (name, counter) in [("PA2", selection.paid), ("PA3", selection.test), ("PA4", selection.free)] {
            let (ever, reset) = (counter.ever, counter.reset);
            self.values(name, &[number(ever.number), ever.value, number(reset.number), reset.value]);
        }
    }

    fn finish(self) -> String {
        let Self { mut text, lines } = self;
        let crc = crc16(&text.as_bytes()[HEAD.len()..]);
        // The set counts itself: its lines, the check sum and its end.
        let _ = write!(text, "G85*{crc:04X}\r\nSE*{}*0001\r\n{TAIL}", lines + 2);
        text
    }
}

/// CRC-16/ARC, which EVA-DTS calls for over everything from `ST` up to `G85`.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);
    CRC.checksum(bytes)
}

/// Whether envelope, count of lines and check sum agree.
pub(crate) fn is_valid(data: &str) -> bool {
    let Some(start) = data.find("ST*").filter(|start| data.starts_with("DXS*") && *start > 0) else { return false };
    let Some(end) = data.find("G85*") else { return false };
    let mut rest = data[end..].split("\r\n");
    let crc = rest.next().and_then(|line| u16::from_str_radix(line.strip_prefix("G85*")?, 16).ok());
    let lines = rest.next().and_then(|line| line.strip_prefix("SE*")?.split('*').next()?.parse::<usize>().ok());
    let Some(body) = data.get(start..end) else { return false };
    crc == Some(crc16(body.as_bytes()))
        && lines == Some(body.matches("\r\n").count() + 2)
        && rest.next().is_some_and(|line| line.starts_with("DXE*"))
}

/// The bytes of a report in Windows-1251. Its check sum is made anew: it is one of bytes, and these are others.
pub(crate) fn windows_1251(data: &str) -> Vec<u8> {
    let encode = |text: &str| encoding_rs::WINDOWS_1251.encode(text).0.into_owned();
    let parts = data.find("ST*").zip(data.find("G85*")).filter(|(start, end)| start < end && is_valid(data));
    let Some((start, end)) = parts else { return encode(data) };
    let body = encode(&data[start..end]);
    let mut bytes = encode(&data[..start]);
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(format!("G85*{:04X}", crc16(&body)).as_bytes());
    bytes.extend_from_slice(&encode(&data[end + "G85*0000".len()..]));
    bytes
}

/// The same with a digit that came over wrong.
pub(crate) fn spoil(data: &str) -> String {
    data.replacen("\r\nID5*", "\r\nID5*9", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_crc_16_arc() {
        assert_eq!(crc16(b"123456789"), 0xbb3d);
        assert_eq!(crc16(b""), 0);
    }

    #[test]
    fn the_check_sum_is_one_of_the_bytes_that_are_sent() {
        let mut set = Set::new();
        set.line("PA1", &["1", "3500", "Кофе"]);
        let text = set.finish();
        let bytes = windows_1251(&text);
        let find = |what: &[u8]| bytes.windows(what.len()).position(|window| window == what).expect("it is there");
        let (start, end) = (find(b"ST*"), find(b"G85*"));
        let printed = std::str::from_utf8(&bytes[end + 4..end + 8]).expect("hex");
        assert_eq!(printed, format!("{:04X}", crc16(&bytes[start..end])));
        assert!(bytes.windows(4).any(|window| window == [0xca, 0xee, 0xf4, 0xe5]), "Кофе in Windows-1251");
        assert_eq!(bytes.len(), text.len() - 4, "one byte a letter");
    }

    #[test]
    fn a_set_counts_its_lines_and_a_changed_one_is_found_out() {
        let mut set = Set::new();
        set.line("ID1", &["AAA*0000", "Bianchi\r\n", "", ""]);
        set.line("ID5", &["180101", "1200"]);
        let text = set.finish();
        assert!(text.starts_with(
            "DXS*NRI C2    *VA*V1/1*1\r\nST*001*0001\r\nID1*AAA 0000*Bianchi  \r\nID5*180101*1200\r\nG85*"
        ));
        assert!(text.ends_with("\r\nSE*5*0001\r\nDXE*1*1\r\n"), "{text}");
        assert!(is_valid(&text));
        assert!(!is_valid(&spoil(&text)));
        assert!(!is_valid(&text.replace("SE*5", "SE*6")));
        assert!(!is_valid("") && !is_valid("DXS*") && !is_valid("G85*ST*"));
    }
}
