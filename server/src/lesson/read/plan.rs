//! What stands in a lesson's plan, as it is written: every field that may be there, and where it stands.

use serde::Deserialize;
use socketscope_protocol::{Bilingual, CallName, FateOfMany, Mark, PacketKind, WireChange};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) order: u32,
    #[serde(default = "two_hosts")]
    pub(super) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) lab: bool,
    pub(super) title: Spanned<Bilingual>,
    pub(super) text: Spanned<Bilingual>,
    pub(super) program: Vec<Spanned<PlannedProgram>>,
    pub(super) wire: Option<Spanned<WireChange>>,
    #[serde(default)]
    pub(super) note: Vec<PlannedNote>,
    #[serde(default)]
    pub(super) question: Vec<PlannedQuestion>,
    #[serde(default)]
    pub(super) wait: Vec<PlannedWait>,
    #[serde(default)]
    pub(super) act: Vec<Spanned<PlannedAct>>,
}

fn two_hosts() -> Vec<Spanned<String>> {
    ["server", "client"].map(|name| Spanned::new(0..0, name.to_owned())).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedProgram {
    pub(super) file: Spanned<String>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) host: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) arguments: Vec<Spanned<String>>,
    pub(super) starts: Option<Spanned<PlannedMoment>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedNote {
    pub(super) at: Spanned<PlannedMoment>,
    pub(super) en: Spanned<String>,
    pub(super) zh: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedQuestion {
    pub(super) before: Spanned<PlannedBefore>,
    pub(super) en: Spanned<String>,
    pub(super) zh: Spanned<String>,
    pub(super) choices: Vec<Spanned<Bilingual>>,
    pub(super) right: Spanned<u32>,
    pub(super) answer: Spanned<Bilingual>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedWait {
    pub(super) before: Spanned<PlannedBefore>,
    pub(super) until: Spanned<PlannedMoment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedAct {
    pub(super) at: Spanned<PlannedMoment>,
    pub(super) wire: Option<WireChange>,
    pub(super) packets: Option<FateOfMany>,
    pub(super) kill: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedBefore {
    pub(super) program: String,
    pub(super) call: CallName,
    #[serde(default = "first")]
    pub(super) nth: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedMoment {
    pub(super) program: Option<String>,
    pub(super) call: Option<CallName>,
    pub(super) packet: Option<PacketKind>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) mark: Option<Mark>,
    pub(super) when: Option<String>,
    #[serde(default = "first")]
    pub(super) nth: u32,
}

fn first() -> u32 {
    1
}
