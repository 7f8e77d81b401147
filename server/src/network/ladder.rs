//! The ladder: what this machine allows is found out once, at the start, by doing it. Each rung that cannot be reached has
//! a sentence that says why, and what to do.

mod obstacle;
mod trial;
mod user_namespace;

use std::{io, sync::Arc};

use nix::sys::socket::{setsockopt, sockopt::ReceiveTimestampns};
use rustix::thread::{CapabilitySet, capabilities};
use socket2::{Domain, Socket, Type};
use socketscope_protocol::{
    Network, NetworkView, Obstacle, ObstacleCode, Protocol, Rung, Step, StepResult, StepView,
};

use super::{capture::Capture, lab, tap::Tap};
use crate::{kernel::diag::Diag, told::told};
pub(super) use obstacle::at;

/// The device whose packets are captured on this machine's own network.
const LOOPBACK: &str = "lo";

/// What it takes to make a network namespace, its device, and a tap in it.
const NEEDED: CapabilitySet =
    CapabilitySet::SYS_ADMIN.union(CapabilitySet::NET_ADMIN).union(CapabilitySet::NET_RAW);

/// Which networks the server shall offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The lab where it is possible, and this machine's own.
    #[default]
    Auto,
    /// The same, and no start where the lab is not possible.
    Lab,
    /// This machine's own only.
    Host,
}

/// What this machine allows.
#[derive(Clone, Debug)]
pub struct Ladder {
    steps: Vec<StepView>,
    /// Opened before a user namespace is entered, where the right to it would be lost.
    capture: Option<Arc<Capture>>,
    /// While any socket wants times, the kernel gives each packet one. It takes a while to begin with it; until then a
    /// packet has the time at which it was read. So this one wants them from the start, long before there is a room.
    _clock: Option<Arc<Socket>>,
}

impl Ladder {
    /// Finds out what this machine allows. A process that is not privileged enters a user namespace of its own for the
    /// lab, and stays there; that is possible only before it has any other thread.
    pub fn climb(choice: Choice) -> Self {
        let mut ladder = Self { steps: Vec::new(), capture: None, _clock: None };
        ladder.note(Step::State, at(Step::State, tells_sockets()));
        let capture = Tap::open(LOOPBACK).and_then(|tap| Capture::new(Arc::new(tap)));
        match at(Step::Capture, capture) {
            Ok(capture) => {
                ladder.capture = Some(capture);
                ladder.note(Step::Capture, Ok(()));
            }
            Err(obstacle) => ladder.note(Step::Capture, Err(obstacle)),
        }
        ladder._clock = clock().map(Arc::new).ok();
        if choice == Choice::Host {
            let told = told!("obstacle/by-choice");
            ladder.note_lab(Err(Obstacle {
                code: ObstacleCode::ByChoice,
                step: Step::UserNamespace,
                errno: None,
                why: told.english,
                said: told.said,
            }));
            return ladder;
        }
        let has_rights = capabilities(None).is_ok_and(|sets| sets.effective.contains(NEEDED));
        ladder.note_lab(if has_rights { lab::trial() } else { enter_user_namespace() });
        if has_rights && let Some(step) = ladder.step_mut(Step::UserNamespace) {
            step.result = StepResult::Skipped;
        }
        ladder
    }

    /// Whether rooms can be labs, and what stands in the way where they cannot.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn lab(&self) -> Result<(), &Obstacle> {
        self.steps
            .iter()
            .filter(|step| step.step >= Step::UserNamespace)
            .find_map(|step| step.obstacle.as_ref())
            .map_or(Ok(()), Err)
    }

    /// The packets of this machine's loopback, where they may be seen.
    pub(crate) fn capture(&self) -> Option<&Arc<Capture>> {
        self.capture.as_ref()
    }

    /// What a new room's network is where nobody asks for another.
    pub(crate) fn default_network(&self) -> Network {
        if self.lab().is_ok() { Network::Lab } else { Network::Host }
    }

    /// What the rooms of a network are seen by.
    pub(crate) fn rung(&self, network: Network) -> Rung {
        let possible = |step| {
            let found = self.steps.iter().find(|tried| tried.step == step);
            found.is_some_and(|tried| tried.result == StepResult::Ok)
        };
        match network {
            Network::Lab => Rung::Wire,
            Network::Host if possible(Step::Capture) => Rung::Capture,
            Network::Host if possible(Step::State) => Rung::State,
            Network::Host => Rung::Calls,
        }
    }

    /// All of it, for people and for scripts.
    pub fn view(&self) -> NetworkView {
        NetworkView {
            lab: self.lab().is_ok(),
            rung: self.rung(self.default_network()),
            host: self.rung(Network::Host),
            why: self.lab().err().cloned(),
            steps: self.steps.clone(),
        }
    }

    fn step_mut(&mut self, step: Step) -> Option<&mut StepView> {
        self.steps.iter_mut().find(|tried| tried.step == step)
    }

    fn note(&mut self, step: Step, outcome: Result<(), Obstacle>) {
        let obstacle = outcome.err();
        let result = if obstacle.is_none() { StepResult::Ok } else { StepResult::Failed };
        self.steps.push(StepView { step, result, obstacle });
    }

    /// The steps before the one that failed have worked, those behind it were not tried.
    fn note_lab(&mut self, outcome: Result<(), Obstacle>) {
        use Step::{Device, Loopback, NetworkNamespace, Tun, UserNamespace};
        let failed = outcome.as_ref().err().map(|obstacle| obstacle.step);
        for step in [UserNamespace, NetworkNamespace, Tun, Device, Loopback] {
            let (result, obstacle) = match failed {
                Some(failed) if failed == step => (StepResult::Failed, outcome.clone().err()),
                Some(failed) if failed < step => (StepResult::Skipped, None),
                _ => (StepResult::Ok, None),
            };
            self.steps.push(StepView { step, result, obstacle });
        }
    }
}

/// Tries a lab in a user namespace, in a process of its own, and enters one only where that works: without a lab it would
/// only take rights away.
fn enter_user_namespace() -> Result<(), Obstacle> {
    trial::in_a_child(|| {
        user_namespace::enter()?;
        lab::trial()
    })?;
    user_namespace::enter()
}

/// Whether the kernel tells about sockets: it is asked about one that is there.
fn tells_sockets() -> io::Result<()> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let told = Diag::open()?.socket(Protocol::Tcp, listener.local_addr()?, None)?;
    told.map(drop)
        .ok_or_else(|| io::Error::other("the kernel does not know a socket that is there"))
}

fn clock() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    setsockopt(&socket, ReceiveTimestampns, &true)?;
    Ok(socket)
}
