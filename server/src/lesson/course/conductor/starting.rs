//! How a lesson's programs are started.

use std::{io, sync::Arc};

use socketscope_protocol::{Fact, Stream};

use super::{
    super::super::{Lesson, Planned},
    Conductor,
};
use crate::{
    clock,
    process::{self, Process, Python, Source, Witness},
    told::told,
};

/// The folder of a room's lesson, within the room's own.
const FOLDER: &str = "lesson";

impl Conductor {
    pub(super) async fn start(&mut self, program: usize) {
        let (witness, python) = (self.witness.clone(), self.python.clone());
        let lesson = self.lesson.clone();
        let start = move || start(&python, &witness, &lesson, &lesson.programs[program]);
        let name = self.lesson.programs[program].name.clone();
        match tokio::task::spawn_blocking(start)
            .await
            .unwrap_or_else(|_| Err(io::Error::other("it panicked")))
        {
            Ok(process) => {
                process.need_permission(self.needs_permission(&name));
                self.processes().push(process);
            }
            Err(error) => {
                let told = told!("This program could not be started: {error}.", error = error);
                let text = told.english + "\n";
                let (program, stream) = (name, Stream::Stderr);
                let fact = Fact::Output { program, stream, text };
                self.witness.scope().journal.append(clock::now(), fact);
            }
        }
    }
}

/// Starts a program of the lesson. For a thread that may block.
fn start(
    python: &Python,
    witness: &Arc<Witness>,
    lesson: &Lesson,
    program: &Planned,
) -> io::Result<Arc<Process>> {
    let network = &witness.scope().network;
    let folder = network.folder().join(FOLDER);
    let files = lesson.files.iter().map(|file| (file.name.as_str(), file.code.as_str()));
    process::write_files(&folder, files)?;
    let lab = network.as_lab().ok();
    let host = match lab {
        Some(lab) => {
            let found = lab.named(&program.host);
            Some(found.ok_or_else(|| io::Error::other("its host is not there"))?)
        }
        None => None,
    };
    let mut arguments = program.arguments.clone();
    for name in &lesson.hosts {
        let address = lab.and_then(|lab| lab.named(name)).map(|host| host.address.to_string());
        let address = address.unwrap_or_else(|| "127.0.0.1".into());
        let place = format!("{{{name}}}");
        arguments.iter_mut().for_each(|it| *it = it.replace(&place, &address));
    }
    let files = lesson.files.iter().map(|file| file.name.clone()).collect();
    let source = Source { folder, files, file: program.file.clone(), arguments };
    Process::start(python, witness, program.name.clone(), host, source)
}
