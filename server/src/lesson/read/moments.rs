//! The moments that a plan names, with the programs and hosts in them.

use socketscope_protocol::{HostName, ProgramName};
use toml::Spanned;

use super::{
    super::{
        Before,
        moment::{Fate, Moment, What},
    },
    Reader, no_host,
    plan::{PlannedBefore, PlannedMoment},
};

impl Reader<'_> {
    pub(super) fn before(&mut self, planned: &Spanned<PlannedBefore>) -> Option<Before> {
        let PlannedBefore { program, call, nth } = planned.get_ref();
        if *nth == 0 {
            self.wrong(planned, "\"nth\" counts from 1 on");
            return None;
        }
        Some(Before { program: self.named(program, planned)?, call: *call, nth: *nth })
    }

    pub(super) fn moment(&mut self, planned: &Spanned<PlannedMoment>) -> Option<Moment> {
        let it = planned.get_ref();
        let when = it.when.as_deref();
        if it.nth == 0 {
            self.wrong(planned, "\"nth\" counts from 1 on");
            return None;
        }
        let of_packet = it.from.is_some() || it.to.is_some() || it.mark.is_some();
        let what = match (&it.program, it.call, it.packet) {
            (Some(program), Some(call), None) if !of_packet => {
                let enters = match when {
                    Some("enter") => true,
                    Some("return") | None => false,
                    Some(_) => return self.no_when(planned, "\"enter\" or \"return\""),
                };
                What::Call { program: self.named(program, planned)?, call, enters }
            }
            (Some(program), None, None) if !of_packet => {
                let ends = match when {
                    Some("start") => false,
                    Some("end") => true,
                    _ => return self.no_when(planned, "\"start\" or \"end\""),
                };
                What::Program { program: self.named(program, planned)?, ends }
            }
            (None, None, Some(kind)) => {
                let fate = match when {
                    None | Some("arrive") => Fate::Arrive,
                    Some("depart") => Fate::Depart,
                    Some("lose") => Fate::Lose,
                    Some("hold") => Fate::Hold,
                    Some(_) => {
                        return self
                            .no_when(planned, "\"depart\", \"arrive\", \"lose\" or \"hold\"");
                    }
                };
                let mut host = |name: &Option<String>| match name {
                    Some(name) => self.host(&Spanned::new(planned.span(), name.clone())).map(Some),
                    None => Some(None),
                };
                let (from, to) = (host(&it.from)?, host(&it.to)?);
                What::Packet { kind, from, to, mark: it.mark, fate }
            }
            _ => {
                self.wrong(
                    planned,
                    "a moment is a program's call, a program's start or end, or a packet",
                );
                return None;
            }
        };
        Some(Moment { what, nth: it.nth })
    }

    /// A moment that something depends on. It has to come wherever the lesson runs.
    pub(super) fn moment_everywhere(&mut self, planned: &Spanned<PlannedMoment>) -> Option<Moment> {
        let moment = self.moment(planned)?;
        if moment.is_of_packet() && !self.lab {
            self.wrong(
                planned,
                "a packet is seen in the lab only, and elsewhere this never comes: say lab = true, or name a program's call",
            );
            return None;
        }
        Some(moment)
    }

    fn no_when<T>(&mut self, at: &Spanned<PlannedMoment>, choices: &str) -> Option<T> {
        self.wrong(at, format!("\"when\" is {choices} here"));
        None
    }

    pub(super) fn named<T>(&mut self, name: &str, at: &Spanned<T>) -> Option<ProgramName> {
        let found = self.programs.iter().find(|program| program.as_str() == name).cloned();
        if found.is_none() {
            self.wrong(at, format!("no program of this lesson is called {name:?}"));
        }
        found
    }

    pub(super) fn host(&mut self, name: &Spanned<String>) -> Option<HostName> {
        let found = self.hosts.iter().find(|host| host.as_str() == name.get_ref()).cloned();
        if found.is_none() {
            self.wrong(name, no_host(name.get_ref()));
        }
        found
    }
}
