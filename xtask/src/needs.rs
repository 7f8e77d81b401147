//! Programs that the tests use and that Cargo does not bring: a browser, its driver, outside peers.

use anyhow::{Result, ensure};

use crate::{packages, shell::find};

/// What one of these is called on the PATH, and the Debian packages that bring it.
struct Need {
    programs: &'static [&'static str],
    packages: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    // A browser without any font measures every text as nothing.
    Need {
        programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
        packages: &["chromium", "fonts-dejavu-core"],
    },
    Need { programs: &["chromedriver"], packages: &["chromium-driver"] },
    Need { programs: &["python3"], packages: &["python3"] },
    Need { programs: &["nc"], packages: &["netcat-openbsd"] },
    // It tells which device a socket is bound to.
    Need { programs: &["ss"], packages: &["iproute2"] },
    // It reads what is exported for Wireshark.
    Need { programs: &["tshark"], packages: &["tshark"] },
    // It tells which system calls a program really makes.
    Need { programs: &["strace"], packages: &["strace"] },
    // They start the server as another user, and on a machine that allows less.
    Need { programs: &["unshare"], packages: &["util-linux"] },
    Need { programs: &["setpriv"], packages: &["util-linux"] },
];

/// What the lab's wire is measured beside.
const BASELINES: &[Need] = &[Need { programs: &["pasta"], packages: &["passt"] }];

/// Installs what the tests use and this machine lacks, or says in one sentence what to install.
pub(crate) fn bring() -> Result<()> {
    bring_all(NEEDS, "the tests")
}

/// The same for what is measured beside us.
pub(crate) fn bring_baselines() -> Result<()> {
    bring_all(BASELINES, "a baseline of the measurements")
}

fn bring_all(needs: &[Need], purpose: &str) -> Result<()> {
    let missing = || needs.iter().filter(|need| find(need.programs).is_none());
    let packages: Vec<_> = missing().flat_map(|need| need.packages).copied().collect();
    if packages.is_empty() {
        return Ok(());
    }
    packages::install(&packages, purpose)?;
    let still: Vec<_> = missing().map(|need| need.programs[0]).collect();
    ensure!(
        still.is_empty(),
        "{} still missing on the PATH after installing {}",
        still.join(", "),
        packages.join(", ")
    );
    Ok(())
}
