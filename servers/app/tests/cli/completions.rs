//! Completion scripts, in the shells that read them.

#![allow(clippy::print_stdout, reason = "what was not run is said in the output of the tests")]

use std::process::Command;

use crate::support::{binary, described, stend};

/// Whether the shell is there; who has none is told so.
fn has(shell: &str) -> bool {
    let there = Command::new(shell).arg("-c").arg("exit 0").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("not run: {shell} is not installed");
    }
    there
}

/// What a shell prints of a program of its own, with the command in its path.
fn said(shell: &str, program: &str) -> String {
    let folder = binary().parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(shell).args(["-c", program]).env("PATH", path).output().unwrap();
    let (code, out, err) = described(&output);
    assert_eq!((code, err.as_str()), (0, ""), "{shell}: {program}");
    out
}

/// What is typed, the last word unfinished, and what it can become.
const TYPED: [(&[&str], &[&str]); 7] = [
    (&["actions", "car"], &["carbis", "carbis.call_waiter"]),
    (&["actions", "telemetron.se"], &["telemetron.sell", "telemetron.seed_sales"]),
    (&["show", "q"], &["queue"]),
    (&["spec", "con"], &["control"]),
    (&["help", "mat"], &["matchers"]),
    (&["compare", "--allow-mutating", "create_p"], &["create_planogram", "create_product"]),
    (&["schema", "sc"], &["scenario"]),
];

#[test]
fn bash_completes_services_actions_and_operations() {
    if !has("bash") {
        return;
    }
    for (words, names) in TYPED {
        let (last, before) = (words[words.len() - 1], words.get(words.len() - 2).copied().unwrap_or("stend"));
        let program = format!(
            "source <(stend completions bash); COMP_WORDS=(stend {}); COMP_CWORD={}; _stend stend {last} {before}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len(),
        );
        let found = said("bash", &program);
        for name in names {
            assert!(found.lines().any(|line| line == *name), "{words:?}: {name} is not in\n{found}");
        }
    }
}

#[test]
fn fish_completes_services_actions_and_operations() {
    if !has("fish") {
        return;
    }
    for (words, names) in TYPED {
        let program = format!("stend completions fish | source; complete -C 'stend {}'", words.join(" "));
        let found = said("fish", &program);
        for name in names {
            assert!(
                found.lines().any(|line| line.split('\t').next() == Some(*name)),
                "{words:?}: {name} is not in\n{found}"
            );
        }
    }
}

#[test]
fn zsh_reads_the_script_and_finds_the_names_in_it() {
    let (_, script, _) = described(&stend(&["completions", "zsh"]));
    for (_, names) in TYPED {
        for name in names {
            assert!(script.contains(name), "{name}");
        }
    }
    if has("zsh") {
        let said = said(
            "zsh",
            "autoload -Uz compinit && compinit -u -D && source <(stend completions zsh) && whence -w _stend",
        );
        assert_eq!(said, "_stend: function\n");
    }
}
