//! Messages for people in Russian.

use std::process::{Command, Output};

use crate::support::{bench, binary, described, root, stend};

fn in_russian(args: &[&str]) -> (i32, String, String) {
    described(&bench().args(args).env("STEND_LANG", "ru").current_dir(root()).output().unwrap())
}

#[test]
fn the_language_comes_from_the_option_the_variable_or_the_locale() {
    let run = |args: &[&str], variables: &[(&str, &str)]| -> Output {
        let mut command = Command::new(binary());
        for name in ["STEND_LANG", "LC_ALL", "LC_MESSAGES", "LANG"] {
            command.env_remove(name);
        }
        command.args(["check", "fixtures/worlds/documented.yaml"]).args(args).current_dir(root());
        command.envs(variables.iter().copied()).output().unwrap()
    };
    let english = (0, "fixtures/worlds/documented.yaml: good world\n".to_owned(), String::new());
    let russian = (0, "fixtures/worlds/documented.yaml: мир в порядке\n".to_owned(), String::new());
    assert_eq!(described(&run(&[], &[])), english);
    assert_eq!(described(&run(&["--lang", "ru"], &[])), russian);
    assert_eq!(described(&run(&["--lang", "en"], &[("STEND_LANG", "ru")])), english);
    assert_eq!(described(&run(&[], &[("LANG", "ru_RU.UTF-8")])), russian);
    assert_eq!(described(&run(&[], &[("LANG", "ru_RU.UTF-8"), ("STEND_LANG", "en")])), english);
    let (code, out, err) = described(&run(&[], &[("STEND_LANG", "de")]));
    assert_eq!((code, out.as_str(), err.as_str()), (2, "", "error: STEND_LANG is `de`; expected ru or en\n"));
    let (code, _, err) = described(&run(&["--lang", "de"], &[]));
    assert!(code == 2 && err.contains("possible values: ru, en"), "{err}");
}

#[test]
fn a_mistake_is_told_in_russian_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slip.yaml");
    std::fs::write(&path, "stend: 1\ntimeline:\n  - do: { carbis.call_waitr: { table: 1 } }\n").unwrap();
    let (code, out, err) = in_russian(&["check", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        err.replace(&path.display().to_string(), "slip.yaml"),
        "ошибка: неизвестное действие `carbis.call_waitr`
 --> slip.yaml:3:11
  |
3 |   - do: { carbis.call_waitr: { table: 1 } }
  |           ^^^^^^^^^^^^^^^^^
  |
  = подсказка: может быть, `carbis.call_waiter`?

ошибок: 1, файлов: 1
"
    );
}

#[test]
fn a_report_is_in_russian_and_machines_are_told_the_same() {
    let (code, out, _) = in_russian(&["play", "scenarios/waiter-call.yaml"]);
    assert_eq!(code, 0);
    assert!(
        out.ends_with("✓ Waiter call: пройдено, шагов: 9 за 9m виртуального времени, ожиданий: 3; начальное число 7\n"),
        "{out}"
    );
    let json = ["play", "scenarios/waiter-call.yaml", "--format", "json"];
    assert_eq!(in_russian(&json).1, described(&stend(&json)).1);
    assert_eq!(in_russian(&["schema", "world"]).1, described(&stend(&["schema", "world"])).1);
    assert_eq!(in_russian(&["spec", "carbis"]).1, described(&stend(&["spec", "carbis"])).1);
}

#[test]
fn what_did_not_hold_is_told_in_russian() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.yaml");
    std::fs::write(&path, "stend: 1\ntitle: Мой клиент\nexpect:\n  - journal: { fake: carbis, status: 200 }\n")
        .unwrap();
    let ask = r#"curl -s "$STEND_CARBIS_URL/api/v4/events?hash=none" -o /dev/null"#;
    let (code, _, err) = in_russian(&["run", "--quiet", "--expect", path.to_str().unwrap(), "--", "sh", "-c", ask]);
    assert_eq!(code, 1);
    for part in [
        "ошибка: journal: подходит записей: 0 из 1; ожидалось не меньше 1, получено 0; ближайшая — GET /api/v4/events at ",
        ": status: ожидалось 200, получено 401",
        "✗ Мой клиент: НЕ ПРОЙДЕНО, шагов: 0 за ",
        "stend: команда выполнена успешно, но не все ожидания выполнены",
    ] {
        assert!(err.contains(part), "{part} is not in\n{err}");
    }
}

#[test]
fn help_is_in_russian() {
    let (code, out, _) = in_russian(&["--help"]);
    assert_eq!(code, 0);
    for part in ["Использование: stend [OPTIONS] <COMMAND>", "Команды:", "Запустить все сервисы", "Параметры:"]
    {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let (_, out, _) = in_russian(&["help"]);
    assert!(out.contains("Темы руководства") && out.contains("Файлы миров, начиная с пустого"), "{out}");
    let (code, _, err) = in_russian(&["plya"]);
    assert_eq!(code, 2);
    assert!(err.contains("ошибка: неизвестная команда 'plya'") && err.contains("похожая команда: 'play'"), "{err}");
}

/// Every option and command has its help in Russian, too.
#[test]
fn all_help_is_in_russian() {
    let (_, out, _) = described(&stend(&["--help"]));
    let commands = out.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 12, "{names:?}");
    for name in names {
        let (code, out, _) = in_russian(&[name, "-h"]);
        assert_eq!(code, 0, "{name}");
        let words = |line: &str| {
            line.split_whitespace()
                .filter(|word| word.len() > 3 && word.chars().all(|c| c.is_ascii_lowercase()))
                .count()
        };
        let english: Vec<&str> =
            out.lines().filter(|line| words(line) > 3 && !line.contains(|c| ('а'..='я').contains(&c))).collect();
        assert!(english.is_empty(), "{name}: {english:#?}");
    }
}
