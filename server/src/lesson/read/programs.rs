//! The programs of a plan: their names, their files, and when they start.

use std::iter;

use socketscope_protocol::{ProgramName, SourceFile, limits::LESSON_PROGRAMS};
use toml::Spanned;

use super::{super::Planned, Reader, plan::PlannedProgram};

impl Reader<'_> {
    /// Takes the programs' names. All of them come first: a moment may be one of a later program's.
    pub(super) fn name_programs(&mut self, programs: &[Spanned<PlannedProgram>]) {
        for program in programs {
            let it = program.get_ref();
            let name =
                it.name.as_ref().map_or_else(|| stem(it.file.get_ref()), |name| name.get_ref());
            match ProgramName::new(name) {
                Ok(name) if self.programs.contains(&name) => self.wrong(
                    program,
                    format!(
                        "there are two programs called {:?}: give one a \"name\"",
                        name.as_str()
                    ),
                ),
                Ok(name) => self.programs.push(name),
                Err(error) => self.wrong(program, error.to_string()),
            }
        }
        if programs.is_empty() {
            self.wrong_at(
                "program",
                "a lesson has a program or more: without any, nothing can happen",
            );
        }
        if let Some(program) = programs.get(LESSON_PROGRAMS) {
            self.wrong(
                program,
                format!("a lesson has at most {LESSON_PROGRAMS} programs, and this is one more"),
            );
        }
    }

    /// Programs that start after one another in a circle never start.
    pub(super) fn find_circles(&mut self, programs: &[Spanned<PlannedProgram>]) {
        // Whose moment each of them waits for; a packet may be anybody's.
        let awaited = |it: &Spanned<PlannedProgram>| {
            let awaited = it.get_ref().starts.as_ref()?.get_ref().program.as_deref()?;
            self.programs.iter().position(|program| program.as_str() == awaited)
        };
        let awaited: Vec<_> = programs.iter().map(awaited).collect();
        for (at, program) in programs.iter().enumerate() {
            let mut before = iter::successors(awaited[at], |it| awaited[*it]).take(programs.len());
            if let Some(starts) = &program.get_ref().starts
                && before.any(|it| it == at)
            {
                let what = format!(
                    "{:?} can never start: what it waits for waits for it in turn. Let one program of the circle start at once, or after one outside it",
                    self.programs[at].as_str(),
                );
                self.wrong(starts, what);
            }
        }
    }

    pub(super) fn program(
        &mut self,
        planned: Spanned<PlannedProgram>,
        files: &[SourceFile],
    ) -> Option<Planned> {
        let PlannedProgram { file, name, host, arguments, starts } = planned.into_inner();
        if !files.iter().any(|it| it.name == *file.get_ref()) {
            self.wrong(
                &file,
                format!("there is no file {:?} in the lesson's folder", file.get_ref()),
            );
            return None;
        }
        let name = name
            .as_ref()
            .map_or_else(|| stem(file.get_ref()).to_owned(), |it| it.get_ref().clone());
        let name = ProgramName::new(&name).ok()?;
        let host = match &host {
            Some(host) => self.host(host)?,
            None => {
                let own = self.hosts.iter().find(|host| host.as_str() == name.as_str());
                own.or(self.hosts.first())?.clone()
            }
        };
        for argument in &arguments {
            for part in argument.get_ref().split('{').skip(1) {
                let named = part.split_once('}').map(|(named, _)| named);
                let known =
                    named.is_some_and(|named| self.hosts.iter().any(|host| host.as_str() == named));
                if !known {
                    self.wrong(argument, "{NAME} in an argument stands for the address of a host, and no host has this name");
                }
            }
        }
        let starts = match &starts {
            Some(starts) => Some(self.moment_everywhere(starts)?),
            None => None,
        };
        let arguments = arguments.into_iter().map(Spanned::into_inner).collect();
        Some(Planned { name, file: file.into_inner(), host, arguments, starts })
    }
}

fn stem(file: &str) -> &str {
    file.strip_suffix(".py").unwrap_or(file)
}
