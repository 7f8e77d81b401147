//! Packages of Debian and Ubuntu, installed where this user may do so without being asked.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::{find, output, run, step};

/// Installs packages, or says in one sentence which ones are missing and what they are for.
pub(crate) fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    let missing = format!("missing for {purpose}: {list}");
    let Some(apt) = apt_get() else {
        bail!("{missing}; please install them (sudo apt-get install {list}) and run this again");
    };
    step(format!("{missing}; installing them by apt-get"));
    run(apt.command().args(["update", "-qq"]))
        .and_then(|()| {
            let install = ["install", "-qq", "-y", "--no-install-recommends"];
            run(apt.command().args(install).args(packages))
        })
        .with_context(|| format!("{missing}, and apt-get could not install them"))
}

/// How apt-get may be called here.
enum Apt {
    Root,
    Sudo,
}

impl Apt {
    fn command(&self) -> Command {
        // `env` sets the variable behind sudo too, which drops the caller's environment.
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env"]);
                sudo
            }
        };
        // Another apt-get may be at work on a machine that has just started.
        command.args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-o",
            "DPkg::Lock::Timeout=300",
        ]);
        command.stdin(Stdio::null());
        command
    }
}

fn apt_get() -> Option<Apt> {
    find(&["apt-get"])?;
    if output(Command::new("id").arg("-u"))? == "0" {
        return Some(Apt::Root);
    }
    output(Command::new("sudo").args(["-n", "true"])).map(|_| Apt::Sudo)
}
