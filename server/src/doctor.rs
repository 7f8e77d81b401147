//! `socketscope doctor`: what this machine allows, step by step, as the server itself finds it out.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use socketscope_protocol::{NetworkView, Rung, Step, StepResult, StepView};
use socketscope_server::{Choice, Ladder, Lessons};

/// Tries everything, tells it on standard output, and says by its status whether the lab works.
///
/// # Errors
/// Where standard output takes nothing.
pub(crate) fn examine() -> io::Result<ExitCode> {
    let found = Ladder::climb(Choice::Auto).view();
    write!(io::stdout(), "{}", report(&found))?;
    Ok(if found.lab { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(found: &NetworkView) -> String {
    let steps: String = found.steps.iter().map(line).collect();
    let lab = match found.lab {
        true => "The lab works: a new room has hosts and a wire of its own.",
        false => "There is no lab here: a new room is on this machine's own network.",
    };
    let (rung, host) = (found.rung.as_str(), found.host.as_str());
    format!(
        "{steps}\n{lab}\nrung: {rung} ({})\non this machine's own network: {host} ({})\nlessons: {}\n",
        sees(found.rung),
        sees(found.host),
        Lessons::obstacle().as_deref().unwrap_or("ok, python3 runs them")
    )
}

fn line(tried: &StepView) -> String {
    let result = match tried.result {
        StepResult::Ok => "ok",
        StepResult::Failed => "failed",
        StepResult::Skipped => "-",
    };
    let note = match &tried.obstacle {
        Some(obstacle) => format!("\n        {obstacle}"),
        None => String::new(),
    };
    format!("{result:<8}{}{note}\n", what(tried.step))
}

fn what(step: Step) -> &'static str {
    match step {
        Step::State => "ask the kernel about sockets (sock_diag)",
        Step::Capture => "capture on this machine's loopback (CAP_NET_RAW)",
        Step::UserNamespace => "enter a user namespace (root needs none)",
        Step::NetworkNamespace => "make a host: a network namespace",
        Step::Tun => "give it a card: /dev/net/tun",
        Step::Device => "give the card an address (CAP_NET_ADMIN)",
        Step::Loopback => "capture on the host's own loopback",
    }
}

fn sees(rung: Rung) -> &'static str {
    match rung {
        Rung::Wire => "calls, packets on the lab's wire, the kernel's state",
        Rung::Capture => "calls, packets by capture, the kernel's state",
        Rung::State => "calls, the kernel's state; no packets",
        Rung::Calls => "calls only",
    }
}
