//! From steps as they are written to steps that can be done.

use stend_core::fault::{Fault, Match};
use stend_core::journal::Channel;
use stend_core::{Node, Problem, Registry, Span};

use super::{Files, ReplyFile, Step, StepFile, WaitFor, What, When};
use crate::call::Call;
use crate::entries::{Happening, Wanted};
use crate::expect::read_paths;
use crate::matcher::{Domain, Matcher, path};
use crate::state_path;

const ONE_THING: &str = "wait for one thing: `push`, `request`, `frame` or `state`";

/// Reads steps one by one.
pub(super) struct Reader<'a> {
    pub(super) registry: &'a Registry,
    pub(super) files: Files<'a>,
}

impl When {
    pub(crate) fn last(&self) -> Span {
        self.first.plus(self.every.times(self.rounds.saturating_sub(1)))
    }
}

impl Reader<'_> {
    pub(super) fn step(&self, node: &Node, before: Option<When>) -> Result<Step, Problem> {
        let file: StepFile = node.read().map_err(|problem| self.meant(node, problem))?;
        let when = when(&file, before)?;
        let kinds = [
            ("do", file.act.is_some()),
            ("call", file.call.is_some()),
            ("fault", file.fault.is_some()),
            ("wait_for", file.wait_for.is_some()),
        ];
        let given: Vec<&str> = kinds.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        let what = match (given.as_slice(), file.act, file.call, file.fault) {
            (["wait_for"], ..) => {
                What::WaitFor(Box::new(self.wait_for(file.wait_for).map_err(|problem| problem.under("wait_for"))?))
            }
            (["do"], Some(act), _, _) => self.act(&act.0).map_err(|problem| problem.under("do"))?,
            (["call"], _, Some(call), _) => {
                let call = Call::read(&call.0, self.registry, &self.files);
                What::Call(call.map_err(|problem| problem.under("call"))?)
            }
            (["fault"], _, _, Some(fault)) => {
                self.fault(&fault).map_err(|problem| problem.under("fault"))?;
                What::Fault(Box::new(fault))
            }
            ([], ..) => {
                return Err(Problem::invalid("a step that does nothing")
                    .hint("give it one of `do`, `call`, `wait_for`, `fault`"));
            }
            (many, ..) => {
                let problem =
                    Problem::invalid(format!("a step does one thing, and here are `{}`", many.join("` and `")));
                return Err(problem.hint("write a step for each; `after: 0s` keeps them together"));
            }
        };
        if let Some(expect) = &file.expect {
            expect.check(&what).map_err(|problem| problem.under("expect"))?;
        }
        for (name, text) in &file.capture {
            path(text).map_err(|problem| problem.at(["capture".into(), name.as_str().into()]))?;
            if matches!(what, What::Fault(_)) {
                return Err(Problem::invalid("a fault gives nothing to capture").under("capture"));
            }
        }
        let on = self.on(file.on, file.within, when, &what)?;
        let title = file.title.unwrap_or_else(|| what.title());
        Ok(Step { when, title, on, what, capture: file.capture, expect: file.expect, node: node.clone() })
    }

    /// An unknown key of a step may be an action that stands where `do` belongs.
    fn meant(&self, node: &Node, problem: Problem) -> Problem {
        let is_action = |key: &&str| {
            let kind = key.split_once('.').and_then(|(service, _)| self.registry.find(service));
            kind.is_some_and(|(_, kind)| kind.actions().iter().any(|known| known.name == *key))
        };
        let stray = node.entries().iter().map(|entry| entry.key.as_str()).find(is_action);
        match stray.filter(|_| problem.code == "unknown_key") {
            Some(key) => problem.hint(format!("an action stands under `do`, e.g. `do: {{{key}: {{}}}}`")),
            None => problem,
        }
    }

    fn on(
        &self,
        on: Option<Happening>,
        within: Option<Span>,
        when: When,
        what: &What,
    ) -> Result<Option<(Wanted, Option<Span>)>, Problem> {
        let Some(on) = on else {
            let stray = within.map(|_| Problem::invalid("`within` goes with `on`").under("within"));
            return stray.map_or(Ok(None), Err);
        };
        let wanted = on.wanted();
        wanted.check(self.registry).and_then(|()| wanted.check_single()).map_err(|problem| problem.under("on"))?;
        if when.rounds > 1 {
            return Err(Problem::invalid("a step with `on` is not repeated").under("every"));
        }
        match what {
            What::WaitFor(_) => return Err(Problem::invalid("a step with `on` does not wait").under("wait_for")),
            // A fault is matched before the exchange is handled, so it can ask only what is known by then.
            What::Fault(fault) => {
                if fault.matching != Match::default() {
                    return Err(Problem::invalid(format!(
                        "a fault with `on` applies to the {} that it reacts to",
                        wanted.word
                    ))
                    .hint("put the conditions under `on`")
                    .at(["fault".into(), "match".into()]));
                }
                if wanted.looks_back() {
                    return Err(Problem::invalid("a fault is matched before bodies and statuses are known")
                        .hint("match by fake, operation, method, path, client, header and nth")
                        .at(["on".into(), wanted.word.into()]));
                }
                let mut faulted = Fault::clone(fault);
                faulted.matching = wanted.fault_match();
                // A request may be one of two kinds; the fault has to fit one.
                let channels =
                    faulted.matching.channel.map_or(vec![Channel::Http, Channel::Frame], |channel| vec![channel]);
                let fits = channels.into_iter().map(|channel| {
                    faulted.matching.channel = Some(channel);
                    faulted.check_for(self.registry)
                });
                let (fitting, wrong): (Vec<_>, Vec<_>) = fits.partition(Result::is_ok);
                if let (true, Some(Err(problem))) = (fitting.is_empty(), wrong.into_iter().next_back()) {
                    let mut problem = problem;
                    problem.path = stend_core::Path::default();
                    return Err(problem.under("fault"));
                }
            }
            _ => {}
        }
        Ok(Some((wanted, within)))
    }

    fn fault(&self, fault: &Fault) -> Result<(), Problem> {
        fault.check_on()?;
        fault.check_for(self.registry)
    }

    fn wait_for(&self, file: Option<WaitFor>) -> Result<WaitFor, Problem> {
        let wait = file.ok_or_else(|| Problem::new("missing_key", "missing key `wait_for`"))?;
        let wanted = wait.wanted();
        if wait.request.is_some() && wait.frame.is_some() {
            return Err(Problem::invalid(ONE_THING));
        }
        match (&wait.push, &wanted, &wait.state) {
            (Some(push), None, None) => {
                let (_, kind) =
                    self.registry.get(&push.service).map_err(|problem| problem.at(["push".into(), "fake".into()]))?;
                if kind.envelope().is_none() {
                    let problem = Problem::invalid(format!("{} pushes nothing: it speaks plain HTTP", push.service));
                    return Err(problem.at(["push".into(), "fake".into()]));
                }
                let known = kind.operations().iter().filter_map(|operation| operation.command);
                if !known.clone().any(|known| known == push.command) && !push.command.contains("${") {
                    let what = format!("operation of {}", push.service);
                    let problem = Problem::unknown("unknown_operation", &what, &push.command, known);
                    return Err(problem.at(["push".into(), "command".into()]));
                }
            }
            (None, Some(wanted), None) => wanted.check(self.registry).and_then(|()| wanted.check_single())?,
            (None, None, Some(state)) => {
                state_path::check(&state.0.to_json(), self.registry).map_err(|problem| problem.under("state"))?;
            }
            _ => return Err(Problem::invalid(ONE_THING)),
        }
        Ok(wait)
    }

    fn act(&self, node: &Node) -> Result<What, Problem> {
        let [entry] = node.entries() else {
            return Err(Problem::new(
                "wrong_type",
                format!("expected one action with its arguments, found {}", node.kind()),
            )
            .hint(format!("e.g. {}", self.registry.example_action())));
        };
        let name = entry.key.as_str();
        let at_key = |mut problem: Problem| {
            problem.at_key = true;
            problem.position = Some(entry.position);
            problem.under(name)
        };
        let (_, kind, action) = self.registry.action(name).map_err(at_key)?;
        let args = entry.value.clone().or_empty_map();
        kind.check_action(action, &args).map_err(|problem| args.locate(problem).under(name))?;
        Ok(What::Act { name: name.to_owned(), args })
    }
}

impl What {
    fn title(&self) -> String {
        match self {
            Self::Act { name, args } => format!("{name} {}", crate::matcher::short(&args.to_json())),
            Self::Call(call) => call.title(),
            Self::Fault(_) => "a fault from now on".into(),
            Self::WaitFor(wait) => match (&wait.push, wait.wanted()) {
                (Some(push), _) => format!("a push of {} on {} {}", push.command, push.service, push.connection),
                (_, Some(wanted)) => format!("a {}", wanted.title()),
                _ => "a state".into(),
            },
        }
    }
}

impl ReplyFile {
    fn check(&self, what: &What) -> Result<(), Problem> {
        let call = matches!(what, What::Call(_));
        if matches!(what, What::Fault(_)) {
            return Err(Problem::invalid("a fault gives nothing to expect"));
        }
        for (key, raw) in [("status", &self.status), ("headers", &self.headers), ("body", &self.body)] {
            if raw.is_some() && !call {
                return Err(Problem::invalid(format!("an action has no {key}"))
                    .hint("expect `json` of its result, or an `error`")
                    .under(key));
            }
        }
        let given = [&self.status, &self.json, &self.headers, &self.body, &self.error];
        if given.iter().all(|raw| raw.is_none()) {
            return Err(
                Problem::invalid("an empty expectation").hint("expect `status`, `json`, `headers`, `body` or `error`")
            );
        }
        for (key, raw, domain) in [
            ("status", &self.status, Domain::Status),
            ("body", &self.body, Domain::Text),
            ("error", &self.error, Domain::Text),
        ] {
            if let Some(raw) = raw {
                Matcher::read(&raw.0.to_json(), domain).map_err(|problem| problem.under(key))?;
            }
        }
        if let Some(paths) = &self.json {
            read_paths(&paths.0.to_json()).map_err(|problem| problem.under("json"))?;
        }
        if let Some(headers) = &self.headers {
            if headers.0.entries().is_empty() {
                return Err(Problem::invalid("an empty expectation")
                    .hint("give a header with its value")
                    .under("headers"));
            }
            for entry in headers.0.entries() {
                Matcher::read(&entry.value.to_json(), Domain::Text)
                    .map_err(|problem| problem.at(["headers".into(), entry.key.as_str().into()]))?;
            }
        }
        Ok(())
    }
}

fn when(file: &StepFile, before: Option<When>) -> Result<When, Problem> {
    let first = match (file.at, file.after) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("`at` and `after` in one step")
                .hint("`at` counts from the start, `after` from the step before")
                .under("after"));
        }
        (Some(at), None) => at,
        (None, Some(after)) => before.map(|before| before.last()).unwrap_or_default().plus(after),
        (None, None) => {
            before.map(|before| if before.rounds > 1 { before.first } else { before.last() }).unwrap_or_default()
        }
    };
    let Some(every) = file.every else {
        let stray =
            [("for", file.during.is_some()), ("times", file.times.is_some())].into_iter().find(|(_, given)| *given);
        return match stray {
            Some((key, _)) => Err(Problem::invalid(format!("`{key}` goes with `every`")).under(key)),
            None => Ok(When { first, every: Span::ZERO, rounds: 1 }),
        };
    };
    if every < Span::from_millis(1) {
        return Err(Problem::invalid(format!("every {every}: a millisecond at the least")).under("every"));
    }
    let rounds = match (file.during, file.times) {
        (Some(during), None) => (during.as_secs_f64() / every.as_secs_f64()).ceil().clamp(0.0, u32::MAX.into()) as u32,
        (None, Some(times)) => times,
        (None, None) => {
            return Err(Problem::invalid("`every` without an end")
                .hint("add `for: 10m` or `times: 20`")
                .under("every"));
        }
        (Some(_), Some(_)) => return Err(Problem::invalid("`for` and `times` in one step").under("times")),
    };
    if rounds == 0 {
        return Err(Problem::invalid("a step of no rounds never happens").under(if file.times.is_some() {
            "times"
        } else {
            "for"
        }));
    }
    Ok(When { first, every, rounds })
}

/// Steps that wait for a push on a connection which no call opens.
pub(super) fn unopened(steps: &[Step]) -> Vec<(usize, Problem)> {
    let open: Vec<(&str, &str)> = steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Call(call) => Some((call.service(), call.connection()?)),
            _ => None,
        })
        .collect();
    let waits = steps.iter().enumerate().filter_map(|(index, step)| match &step.what {
        What::WaitFor(wait) => Some((index, wait.push.as_ref()?)),
        _ => None,
    });
    waits
        .filter(|(_, push)| {
            !open
                .iter()
                .any(|(service, name)| *service == push.service && (*name == push.connection || name.contains("${")))
        })
        .map(|(index, push)| {
            let text = format!("no call opens the connection `{}` of {}", push.connection, push.service);
            let names: std::collections::BTreeSet<&str> =
                open.iter().filter(|(service, _)| *service == push.service).map(|(_, name)| *name).collect();
            let mut problem = Problem::new("never_happens", text).at(["wait_for".into(), "push".into()]);
            problem.hint = stend_core::near::hint(&push.connection, names.iter().copied());
            (index, problem)
        })
        .collect()
}
