//! The language of what people read. Every text is made in English, wherever it is made; what goes to a person passes
//! [`said`], which looks its lines up in a catalogue. What no catalogue has stays English, and so does everything that
//! programs read: JSON, JUnit, specifications, log lines.

mod catalogue;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::sync::OnceLock;

use clap::ValueEnum;
use clap::builder::StyledStr;

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// Russian
    Ru,
    /// English
    En,
}

/// The language of this process, once it is known.
static SPOKEN: OnceLock<Lang> = OnceLock::new();

impl Lang {
    /// The language of this process.
    pub(super) fn spoken() -> Self {
        SPOKEN.get().copied().unwrap_or(Self::En)
    }

    /// Which of two texts to take.
    pub(super) fn of(self, [en, ru]: [&str; 2]) -> &str {
        if self == Self::Ru { ru } else { en }
    }
}

/// Makes the language that the arguments or the environment ask for that of this process.
///
/// # Errors
/// `STEND_LANG` names none.
pub(super) fn choose() -> Result<(), String> {
    let found = found(std::env::args_os(), |name| std::env::var_os(name))?;
    let _ = SPOKEN.set(found);
    Ok(())
}

/// `--lang` counts first, then `STEND_LANG`, then the system's locale. Arguments are looked at before clap reads them, since
/// clap's own words depend on it; a wrong value is left to clap.
fn found(args: impl Iterator<Item = OsString>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Lang, String> {
    let mut args = args.skip(1).take_while(|arg| arg != "--");
    let mut asked = None;
    while let Some(arg) = args.next() {
        let arg = arg.to_string_lossy();
        match arg.strip_prefix("--lang") {
            Some("") => asked = args.next().map(|value| value.to_string_lossy().into_owned()).or(asked),
            Some(rest) => asked = rest.strip_prefix('=').map(str::to_owned).or(asked),
            None => {}
        }
    }
    if let Some(lang) = asked.and_then(|word| Lang::from_str(&word, false).ok()) {
        return Ok(lang);
    }
    if let Some(value) = variable("STEND_LANG") {
        let word = value.to_string_lossy();
        return Lang::from_str(&word, false).map_err(|_| format!("STEND_LANG is `{word}`; expected ru or en"));
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|locale| !locale.is_empty());
    let is_russian = locale.is_some_and(|locale| OsStr::to_string_lossy(&locale).starts_with("ru"));
    Ok(if is_russian { Lang::Ru } else { Lang::En })
}

/// A text for people in the language of this process, line by line.
pub(super) fn said(text: &str) -> Cow<'_, str> {
    match Lang::spoken() {
        Lang::En => Cow::Borrowed(text),
        Lang::Ru => catalogue::russian().lines(text).into(),
    }
}

/// The command line with its help in the language of this process.
pub(super) fn command(mut command: clap::Command) -> clap::Command {
    if Lang::spoken() == Lang::En {
        return command;
    }
    // Built-in options are made when it is built.
    command.build();
    translated(command)
}

fn translated(command: clap::Command) -> clap::Command {
    let text = |styled: Option<&StyledStr>| styled.map(|styled| said(&styled.to_string()).into_owned());
    let (about, long_about) = (text(command.get_about()), text(command.get_long_about()));
    let command = command
        .mut_args(|arg| {
            let heading = if arg.is_positional() { "Аргументы" } else { "Параметры" };
            let (help, long_help) = (text(arg.get_help()), text(arg.get_long_help()));
            let arg = arg.help_heading(heading);
            let arg = help.map_or(arg.clone(), |help| arg.help(help));
            long_help.map_or(arg.clone(), |help| arg.long_help(help))
        })
        .subcommand_help_heading("Команды")
        .help_template("{before-help}{about-with-newline}\nИспользование: {usage}\n\n{all-args}{after-help}");
    let command = about.map_or(command.clone(), |about| command.about(about));
    let command = long_about.map_or(command.clone(), |about| command.long_about(about));
    command.mut_subcommands(translated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(args: &[&str], variables: &[(&str, &str)]) -> Result<Lang, String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        found(["stend"].iter().chain(args).map(OsString::from), variable)
    }

    #[test]
    fn an_option_counts_before_the_variable_and_that_before_the_locale() {
        let russian = [("LANG", "ru_RU.UTF-8")];
        assert_eq!(asked(&[], &[]), Ok(Lang::En));
        assert_eq!(asked(&[], &russian), Ok(Lang::Ru));
        assert_eq!(asked(&[], &[("LC_ALL", "C.UTF-8"), russian[0]]), Ok(Lang::En));
        assert_eq!(asked(&[], &[("LC_ALL", ""), russian[0]]), Ok(Lang::Ru));
        assert_eq!(asked(&[], &[("STEND_LANG", "en"), russian[0]]), Ok(Lang::En));
        assert_eq!(asked(&["help", "--lang", "ru"], &[("STEND_LANG", "en")]), Ok(Lang::Ru));
        assert_eq!(asked(&["--lang=ru", "help"], &[]), Ok(Lang::Ru));
        assert_eq!(asked(&["run", "--", "ls", "--lang", "ru"], &[]), Ok(Lang::En));
        assert_eq!(asked(&["help", "--lang", "de"], &russian), Ok(Lang::Ru));
        assert_eq!(asked(&[], &[("STEND_LANG", "")]), Err("STEND_LANG is ``; expected ru or en".into()));
    }
}
