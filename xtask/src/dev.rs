//! Builds again what a change touches, and starts the server again. Looks at the files' times, which
//! needs no library and is quick enough for some hundred files.

use std::{
    ffi::OsString,
    fs,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::Result;

use crate::{
    page::{self, Finish},
    server,
    shell::{root, run, step},
};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(300);

/// The folders that the page is made of, and those that the server is made of.
const PAGE: [&str; 4] = ["frontend", "diagram", "protocol", "static"];
const SERVER: [&str; 4] = ["server", "protocol", "reports", "observer"];

/// Runs until it is interrupted. A change that does not compile leaves the last good server running.
pub(crate) fn watch(arguments: &[OsString]) -> Result<()> {
    let (mut page, mut code) = (None, None);
    let mut running: Option<Child> = None;
    loop {
        // The times are taken before building: a change made meanwhile is built next.
        let (page_now, code_now) = (newest(&PAGE), newest(&SERVER));
        if page != page_now {
            page = page_now;
            report(page::build(Finish::Quick));
        }
        if code != code_now {
            code = code_now;
            match server::build() {
                Ok(binary) => running = Some(restart(running.take(), &binary, arguments)?),
                Err(error) => report(Err(error)),
            }
        }
        thread::sleep(INTERVAL);
    }
}

fn restart(running: Option<Child>, binary: &Path, arguments: &[OsString]) -> Result<Child> {
    if let Some(mut server) = running {
        // SIGTERM, so that it ends in order; the standard library can only send SIGKILL.
        let _ = run(Command::new("kill").arg(server.id().to_string()));
        server.wait()?;
    }
    step(format!("starting {}", binary.display()));
    Ok(Command::new(binary).args(arguments).spawn()?)
}

fn report(result: Result<()>) {
    if let Err(error) = result {
        step(format!("{error:#}; waiting for the next change"));
    }
}

/// When the latest change was made below these folders of the workspace.
fn newest(folders: &[&str]) -> Option<SystemTime> {
    folders.iter().filter_map(|folder| newest_below(&root().join(folder))).max()
}

fn newest_below(path: &Path) -> Option<SystemTime> {
    let metadata = fs::metadata(path).ok()?;
    let changed = metadata.modified().ok();
    if !metadata.is_dir() {
        return changed;
    }
    // A folder's own time changes when a file in it appears, goes or is renamed.
    let inside = fs::read_dir(path).into_iter().flatten().flatten();
    inside.filter_map(|entry| newest_below(&entry.path())).chain(changed).max()
}
