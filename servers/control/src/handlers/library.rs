//! What the program carries: scenarios, the manual, and the claims about the vendors' documents.

use serde_json::{Value, json};
use stend_core::Problem;
use stend_transport::{Reply, StatusCode, header};

use crate::request::{Request, apart, wrong};

/// What the program carries for people to look up.
#[derive(Debug, Clone, Copy)]
pub struct Shelf {
    /// The shipped scenarios, each by its name with its text.
    pub scenarios: &'static [(&'static str, &'static str)],
    /// The chapters of the manual.
    pub manual: fn() -> Vec<Chapter>,
    /// The claims about a service's document, as JSON.
    pub claims: crate::site::Specs,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { scenarios: &[], manual: Vec::new, claims: |_| Ok(None) }
    }
}

/// A chapter of the manual, Markdown.
#[derive(Debug, Clone, Copy)]
pub struct Chapter {
    /// The word that it is asked for by.
    pub topic: &'static str,
    /// What is in it, in English and Russian.
    pub about: [&'static str; 2],
    /// Its text.
    pub text: Text,
}

/// The text of a chapter.
#[derive(Debug, Clone, Copy)]
pub enum Text {
    /// Written in English and Russian.
    Written([&'static str; 2]),
    /// Made from the registry, in English, when it is asked for.
    Made(fn() -> &'static str),
}

impl Text {
    /// In English and Russian.
    pub fn both(self) -> [&'static str; 2] {
        match self {
            Self::Written(both) => both,
            Self::Made(make) => [make(); 2],
        }
    }
}

/// What is said above a scenario's keys, without the comment signs; the line for editors is not for people.
fn about(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    let lines = lines.filter(|line| !line.starts_with("# yaml-language-server:"));
    lines.map(|line| line.trim_start_matches('#').trim()).collect::<Vec<_>>().join(" ")
}

/// The title of a scenario, or its name.
fn title<'t>(name: &'t str, text: &'t str) -> &'t str {
    let found = text.lines().find_map(|line| line.strip_prefix("title:"));
    found.map_or(name, |title| title.trim().trim_matches('"'))
}

pub(crate) async fn scenarios(request: Request) -> Result<Reply, Reply> {
    let row = |(name, text): &(&str, &str)| json!({ "name": name, "title": title(name, text), "about": about(text) });
    Ok(Reply::ok(&request.control.shelf.scenarios.iter().map(row).collect::<Vec<_>>()))
}

pub(crate) async fn scenario(request: Request) -> Result<Reply, Reply> {
    let (name, shelf) = (request.param("name"), request.control.shelf.scenarios);
    let found = shelf.iter().find(|(known, _)| *known == name);
    let (_, text) = found
        .ok_or_else(|| wrong(Problem::unknown("not_found", "scenario", name, shelf.iter().map(|(known, _)| *known))))?;
    Ok(Reply::new(StatusCode::OK, header::HeaderValue::from_static("application/yaml"), *text))
}

pub(crate) async fn topics(request: Request) -> Result<Reply, Reply> {
    let chapters = (request.control.shelf.manual)();
    let row = |chapter: &Chapter| json!({ "topic": chapter.topic, "about": { "en": chapter.about[0], "ru": chapter.about[1] } });
    Ok(Reply::ok(&chapters.iter().map(row).collect::<Vec<_>>()))
}

pub(crate) async fn chapter(request: Request) -> Result<Reply, Reply> {
    let (topic, chapters) = (request.param("topic"), (request.control.shelf.manual)());
    let chapter = chapters.iter().find(|chapter| chapter.topic == topic);
    let chapter = chapter.ok_or_else(|| {
        wrong(Problem::unknown("not_found", "topic", topic, chapters.iter().map(|chapter| chapter.topic)))
    })?;
    let text = match request.query("lang") {
        None | Some("en") => chapter.text.both()[0],
        Some("ru") => chapter.text.both()[1],
        Some(other) => {
            let problem = Problem::invalid(format!("the manual is not there in `{other}`"));
            return Err(wrong(problem.hint("`en` or `ru`").under("lang")));
        }
    };
    Ok(Reply::new(StatusCode::OK, header::HeaderValue::from_static("text/markdown; charset=utf-8"), text))
}

pub(crate) async fn claims(request: Request) -> Result<Reply, Reply> {
    let service = request.param("service").to_owned();
    let control = &request.control;
    control.registry.get(&service).map_err(|problem| wrong(Problem { code: "not_found", ..problem }))?;
    let claims = control.shelf.claims;
    let found = apart(move || claims(&service)).await?.map_err(wrong)?;
    Ok(Reply::ok(&found.unwrap_or(Value::Array(Vec::new()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_told_by_its_title_and_what_stands_above_it() {
        let text = "# yaml-language-server: $schema=x\n# One line\n# and another.\nstend: 1\ntitle: \"A day\"\n";
        assert_eq!((title("day", text), about(text)), ("A day", "One line and another.".into()));
        assert_eq!((title("day", "stend: 1\n"), about("stend: 1\n")), ("day", String::new()));
    }
}
