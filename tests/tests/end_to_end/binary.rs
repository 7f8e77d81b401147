//! The server's binary as a process of its own: as it is started by a user, by another user, or on a machine that allows
//! less.

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Stdio};

use nix::unistd::geteuid;
use socketscope_tests::{Client, within};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A server that is ready.
pub(crate) struct Running {
    pub(crate) process: Child,
    pub(crate) address: String,
    pub(crate) key: String,
}

/// Where the binary is: `cargo xtask test` builds it and says so.
fn path() -> OsString {
    let path = std::env::var_os("SOCKETSCOPE_BIN");
    path.expect("SOCKETSCOPE_BIN names the server's binary; `cargo xtask test` sets it")
}

/// The binary, as this user starts it.
pub(crate) fn binary() -> Command {
    with_pipes(Command::new(path()))
}

/// The binary on a machine that `setup` has changed: lines of a shell, in a mount namespace, where this user is root.
pub(crate) fn binary_after(setup: &str) -> Command {
    let mut command = Command::new("unshare");
    // An ordinary user is root only in a user namespace of their own.
    command.args(if geteuid().is_root() {
        &["--mount"][..]
    } else {
        &["--map-root-user", "--mount"]
    });
    command.args(["sh", "-ec", &format!("{setup}\nexec \"$0\" \"$@\"")]).arg(path());
    with_pipes(command)
}

/// The binary in a user namespace that `setup` has changed.
pub(crate) fn binary_in_user_namespace(setup: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "sh", "-ec", setup]).arg(path());
    with_pipes(command)
}

/// The binary as an ordinary user starts it, on a machine where /dev/net/tun is for everybody, as it usually is. The
/// folder has a copy that this user may execute.
pub(crate) fn binary_as_ordinary_user() -> (Command, Folder) {
    let folder = Folder::new("ordinary");
    let copy = folder.0.join("socketscope");
    fs::copy(path(), &copy).expect("a copy of the binary");
    if !geteuid().is_root() {
        return (with_pipes(Command::new(copy)), folder);
    }
    let mut command = Command::new("unshare");
    let setup = "mount -t tmpfs none /dev/net; mknod -m 0666 /dev/net/tun c 10 200
        exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \"$0\" \"$@\"";
    command.args(["--mount", "sh", "-ec", setup]).arg(copy);
    (with_pipes(command), folder)
}

fn with_pipes(mut command: Command) -> Command {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A folder that everybody may read, gone with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("socketscope-test-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("its permissions");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Running {
    /// Starts it and waits for its `ready:` line.
    pub(crate) async fn start(mut command: Command, arguments: &[&str]) -> Self {
        let mut process = command.args(arguments).spawn().expect("the server starts");
        let output = process.stdout.take().expect("a pipe");
        let line = within("the ready line", BufReader::new(output).lines().next_line()).await;
        let line = line.expect("a pipe").expect("a line");
        let link = line.strip_prefix("ready: http://").expect("the ready line");
        let (address, key) = link.split_once("/#key=").expect("a link with a key");
        Self { process, address: address.to_owned(), key: key.to_owned() }
    }

    /// A client with the key.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address.parse().expect("an address"), Some(&self.key))
    }

    /// The server's process; the programs that change the machine have become it.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id().expect("a process")
    }
}

/// What a command that ends said on standard output and standard error, and its status.
pub(crate) async fn said(mut command: Command, arguments: &[&str]) -> (String, String, i32) {
    let output = within("its end", command.args(arguments).output()).await.expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let status = output.status.code().expect("a status");
    (text(output.stdout), text(output.stderr), status)
}
