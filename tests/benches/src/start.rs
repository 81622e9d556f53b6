//! From the process's start to all ports answering, and what it then holds.

use std::time::Instant;

use crate::load::{Load, Wish};
use crate::process::{Bare, Stend};
use crate::report::{Report, Table};
use crate::stats::{median, mib, millis, ratio};
use crate::{Outcome, Plan};

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds * 3 {
        let began = Instant::now();
        let stend = Stend::start()?;
        stend.all_answer()?;
        ours.push(began.elapsed().as_secs_f64());
        drop(stend);
        let began = Instant::now();
        let bare = Bare::start("/", "{}")?;
        theirs.push(began.elapsed().as_secs_f64());
        drop(bare);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let mut table = Table::new("Start and idle memory", &["what", "stend", "bare actix-web server", "ratio"]);
    table.row([
        "process start until all ports answer (bare: its one port)".into(),
        millis(ours),
        millis(theirs),
        ratio(ours / theirs),
    ]);
    let (stend, bare) = (Stend::start()?, Bare::start("/", "{}")?);
    stend.all_answer()?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    let (idle, bare) = (stend.process().resident(), bare.process().resident());
    table.row(["resident, idle".into(), mib(idle), mib(bare), ratio(idle / bare)]);
    let wish = Wish::get(format!("{}/api/v4/events?hash=none", stend.url("carbis")?), "token: demo-token");
    for what in ["resident, journal full", "resident, after as many requests again"] {
        Load::run(&wish, stend.process(), 3)?;
        table.row([what.into(), mib(stend.process().resident()), String::new(), String::new()]);
    }
    report.table(&table);
    Ok(())
}
