//! `stend show`: what people see of a service in a running bench, as tables in the terminal.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::Value;

use super::attach::Remote;
use super::lang::Lang;
use super::token::Token;
use super::{BAD, GOOD, err, out, runtime};

/// Arguments of `stend show`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The service
    service: String,
    /// The control API of the running process
    #[arg(value_name = "CONTROL_URL", env = "STEND_CONTROL_URL", default_value = "127.0.0.1:7700")]
    control_url: String,
    /// The world
    #[arg(long, value_name = "ID", default_value = "default")]
    world: String,
    /// Only this table
    #[arg(long, value_name = "ID")]
    table: Option<String>,
    /// The most rows of a table, up to 1000
    #[arg(long, value_name = "N")]
    limit: Option<u16>,
    /// The next page of a table, as the page before says
    #[arg(long, value_name = "PLACE", requires = "table")]
    after: Option<String>,
    /// The view as the control API has it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    token: Token,
}

/// A title in this language.
fn titled(lang: Lang, title: &Value) -> &str {
    title[lang.of(["en", "ru"])].as_str().unwrap_or_default()
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return BAD };
    match runtime.block_on(ask(args)) {
        Ok(view) if args.json => out(&format!("{view:#}\n")),
        Ok(view) => out(&tables(&view, Lang::spoken())),
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    }
    GOOD
}

async fn ask(args: &Args) -> Result<Value, String> {
    // The name goes into a path; the bench would not see a wrong one as it was given.
    stend::registry::services().get(&args.service).map_err(|problem| {
        let help = problem.hint.iter().map(|hint| format!("\n  = help: {hint}")).collect::<String>();
        format!("unknown service `{}`{help}", args.service)
    })?;
    let url = args.control_url.as_str();
    if !url.contains([':', '.', '/']) && url != "localhost" {
        return Err(format!("`{url}` is no URL of a control API\n  = help: one table is shown by `--table {url}`"));
    }
    let token = args.token.get()?;
    let remote = Remote::open(&args.control_url, token.as_deref(), Some(args.world.clone())).await?;
    let mut query = Vec::new();
    query.extend(args.table.clone().map(|table| ("table", table)));
    query.extend(args.limit.map(|limit| ("limit", limit.to_string())));
    query.extend(args.after.clone().map(|after| ("after", after)));
    remote.ask(Method::GET, &format!("/worlds/{}/view/{}", args.world, args.service), &query, None).await
}

/// The most letters of a cell.
const WIDEST: usize = 48;

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// All tables of a view.
fn tables(view: &Value, lang: Lang) -> String {
    let mut text = String::new();
    for table in list(&view["tables"]) {
        if !text.is_empty() {
            text.push('\n');
        }
        one(&mut text, table, lang);
    }
    text
}

/// A table: its title, its rows under their heads, and what can be done.
fn one(text: &mut String, table: &Value, lang: Lang) {
    let rows = list(&table["rows"]);
    let total = table["total"].as_u64().map_or_else(String::new, |total| format!(" ({total})"));
    let _ = writeln!(text, "{}{total} [{}]", titled(lang, &table["title"]), table["id"].as_str().unwrap_or_default());
    let columns = list(&table["columns"]);
    let lines: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| shown(row, column, lang)).collect()).collect();
    // What is empty in all rows takes no room.
    let used: Vec<usize> = (0..columns.len()).filter(|i| lines.iter().any(|line| !line[*i].is_empty())).collect();
    let heads: Vec<String> = columns.iter().map(|column| titled(lang, &column["title"]).to_owned()).collect();
    let width = |i: &usize| lines.iter().map(|line| length(&line[*i])).max().unwrap_or(0).max(length(&heads[*i]));
    let widths: Vec<usize> = used.iter().map(width).collect();
    let mut line = |cells: &[String]| {
        let cells = used
            .iter()
            .zip(&widths)
            .map(|(i, width)| format!("{}{}", cells[*i], " ".repeat(width - length(&cells[*i]))));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "  {}", line.trim_end());
    };
    if !lines.is_empty() {
        line(&heads);
        lines.iter().for_each(|cells| line(cells));
    }
    if let Some(next) = table["next"].as_str() {
        let more = lang.of(["more", "дальше"]);
        let _ = writeln!(text, "  … {more}: --table {} --after {next}", table["id"].as_str().unwrap_or_default());
    }
    offers(text, table, lang);
}

/// What can be done, each action once, with the arguments of the first row that offers it.
fn offers(text: &mut String, table: &Value, lang: Lang) {
    let mut seen = Vec::new();
    let of_rows = list(&table["rows"]).iter().flat_map(|row| list(&row["actions"]));
    for offer in list(&table["actions"]).iter().chain(of_rows) {
        let title = titled(lang, &offer["title"]);
        if seen.contains(&title) {
            continue;
        }
        seen.push(title);
        let mut args: Vec<String> =
            offer["args"].as_object().into_iter().flatten().map(|(name, value)| format!("{name}: {value}")).collect();
        args.extend(list(&offer["ask"]).iter().filter_map(Value::as_str).map(|name| format!("{name}: …")));
        let _ = writeln!(text, "  → {title}: {} {{{}}}", offer["name"].as_str().unwrap_or_default(), args.join(", "));
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A cell on one line, cut to what a terminal shows.
fn shown(row: &Value, column: &Value, lang: Lang) -> String {
    let cell = &row["cells"][column["id"].as_str().unwrap_or_default()];
    if cell.is_null() {
        return String::new();
    }
    let whole = cell.as_i64();
    let text = match column["type"].as_str().unwrap_or_default() {
        "money" => whole.map(|kopecks| {
            format!(
                "{}{}.{:02}",
                if kopecks < 0 { "-" } else { "" },
                kopecks.unsigned_abs() / 100,
                kopecks.unsigned_abs() % 100
            )
        }),
        "span" => whole.map(span),
        "badge" if cell["title"].is_object() => Some(titled(lang, &cell["title"]).to_owned()),
        "badge" | "link" => cell["text"].as_str().map(str::to_owned),
        "meter" => Some(meter(cell)),
        "series" => Some(spark(list(&cell["points"]))),
        _ => cell.as_str().map(str::to_owned),
    };
    let text = text.unwrap_or_else(|| cell.to_string());
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if length(&flat) <= WIDEST {
        return flat;
    }
    flat.chars().take(WIDEST - 1).chain(['…']).collect()
}

/// `1h05m`, `4m10s`, `7s`.
fn span(seconds: i64) -> String {
    let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, s) => format!("{sign}{s}s"),
        (0, 0, m, s) => format!("{sign}{m}m{s:02}s"),
        (0, h, m, _) => format!("{sign}{h}h{m:02}m"),
        (d, h, ..) => format!("{sign}{d}d{h:02}h"),
    }
}

/// `▮▮▮▯▯▯▯▯ 3/8`.
fn meter(cell: &Value) -> String {
    let (value, max) = (cell["value"].as_f64().unwrap_or(0.0), cell["max"].as_f64().unwrap_or(0.0));
    let part = if max > 0.0 { (value / max).clamp(0.0, 1.0) } else { 0.0 };
    let bar: String = (1..=8_u8).map(|step| if f64::from(step) <= (part * 8.0).ceil() { '▮' } else { '▯' }).collect();
    format!("{bar} {value}/{max}")
}

/// A line of bars.
fn spark(points: &[Value]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let points: Vec<f64> = points.iter().filter_map(Value::as_f64).collect();
    let most = points.iter().copied().fold(0.0, f64::max);
    let bar = |point: &f64| {
        let step = BARS.iter().enumerate().rev().find(|(i, _)| {
            let from = f64::from(u8::try_from(*i).unwrap_or(0)) / 8.0;
            most > 0.0 && point / most > from
        });
        step.map_or(BARS[0], |(_, bar)| *bar)
    };
    points.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_aligned_and_says_what_can_be_done() {
        let title = |en: &str, ru: &str| json!({ "en": en, "ru": ru });
        let view = json!({ "tables": [{
            "id": "windows", "title": title("Windows", "Окна"), "total": 3, "next": "7",
            "columns": [
                { "id": "window", "title": title("Window", "Окно"), "type": "text" },
                { "id": "state", "title": title("State", "Состояние"), "type": "badge" },
                { "id": "sum", "title": title("Sum", "Сумма"), "type": "money" },
                { "id": "none", "title": title("Nothing", "Пусто"), "type": "text" },
            ],
            "rows": [
                { "key": "6", "cells": { "window": "Первое\n", "state": { "text": "free", "title": title("free", "свободно"), "tone": "ok" }, "sum": -5 },
                  "actions": [{ "name": "queue.call_next", "title": title("Call", "Вызвать"), "args": { "workplace": 6 } }] },
                { "key": "7", "cells": { "window": "2", "sum": 18_600 },
                  "actions": [{ "name": "queue.call_next", "title": title("Call", "Вызвать"), "args": { "workplace": 7 } }] },
            ],
            "actions": [{ "name": "queue.take_ticket", "title": title("Take", "Взять"), "args": {}, "ask": ["services"] }],
        }] });
        assert_eq!(
            tables(&view, Lang::Ru),
            "Окна (3) [windows]\n  Окно     Состояние  Сумма\n  Первое   свободно   -0.05\n  2                   186.00\n  … дальше: --table windows --after 7\n  → Взять: queue.take_ticket {services: …}\n  → Вызвать: queue.call_next {workplace: 6}\n"
        );
        assert!(
            tables(&view, Lang::En)
                .starts_with("Windows (3) [windows]\n  Window   State  Sum\n  Первое   free   -0.05\n")
        );
    }

    #[test]
    fn spans_meters_and_series_are_short() {
        assert_eq!([7, 250, 3900, 100_000, -61].map(span), ["7s", "4m10s", "1h05m", "1d03h", "-1m01s"]);
        assert_eq!(meter(&json!({ "value": 3, "max": 8 })), "▮▮▮▯▯▯▯▯ 3/8");
        assert_eq!(meter(&json!({ "value": 3, "max": 0 })), "▯▯▯▯▯▯▯▯ 3/0");
        assert_eq!(spark(&[json!(0), json!(1), json!(8)]), "▁▁█");
        assert_eq!(spark(&[json!(0), json!(0)]), "▁▁");
    }
}
