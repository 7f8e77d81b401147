//! chromedriver and its Chromium as processes, and WebDriver's commands as HTTP requests.

use std::{
    env, fmt, fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::{DEADLINE, within};

/// What Chromium needs where there is neither a screen nor an ordinary user, and to leave the
/// network alone.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Runs chromedriver for as long as the test runs, whose end closes the pipe, however it ended: where
/// no destructor runs (Ctrl-C, SIGKILL), the shell ends the group, which Chromium is in too.
const UNTIL_INPUT_ENDS: &str = r#"{ "$0" --port=0; echo ended; } & cat; kill -9 0"#;

/// How often chromedriver is started. It takes a free port of IPv4 and wants the same one of IPv6, which another test may
/// have just then: it ends, and is started anew.
const ATTEMPTS: u32 = 5;

/// The key under which WebDriver hands out an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A chromedriver with one session.
pub(super) struct Driver {
    process: Child,
    /// Everything that they write is in here.
    folder: PathBuf,
    http: reqwest::Client,
    session: String,
}

impl Driver {
    /// Starts chromedriver on a free port, and Chromium with an empty profile.
    pub(super) async fn start() -> Self {
        let mut started = None;
        for _ in 0..ATTEMPTS {
            started = Self::chromedriver().await;
            if started.is_some() {
                break;
            }
        }
        let (mut driver, port) =
            started.expect("chromedriver starts (Debian's package chromium-driver)");
        let url = format!("http://127.0.0.1:{port}/session");

        let profile = format!("--user-data-dir={}/profile", driver.folder.display());
        let flags: Vec<_> = FLAGS.into_iter().chain([profile.as_str()]).collect();
        let mut options = json!({"args": flags});
        if let Some(browser) = browser() {
            options["binary"] = json!(browser);
        }
        let wanted =
            json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let body = json!({"capabilities": {"alwaysMatch": wanted}});
        let session =
            within("Chromium starts", driver.send(driver.http.post(&url).json(&body))).await;
        let session = session.unwrap_or_else(|failure| panic!("no session: {failure}"));
        driver.session =
            format!("{url}/{}", session["sessionId"].as_str().expect("a session's id"));
        driver
    }

    /// Asks something of the session.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.http.get(format!("{}/{path}", self.session))).await
    }

    /// Commands something of the session.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.send(self.http.post(format!("{}/{path}", self.session)).json(&body)).await
    }

    /// Where files that the page saves come to.
    pub(super) fn saved(&self) -> PathBuf {
        self.folder.join("saved")
    }

    /// Starts chromedriver, and returns its port; none where it has ended at once.
    async fn chromedriver() -> Option<(Self, u16)> {
        let program = env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let folder = new_folder();
        let spawned = Command::new("sh")
            .args(["-c", UNTIL_INPUT_ENDS])
            .arg(program)
            .env("TMPDIR", &folder)
            // A group of its own, which can be ended as a whole.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = spawned.expect("a shell");
        let output = process.stdout.take().expect("a pipe");
        // From here on a panic drops the driver, which ends the processes.
        let driver = Self { process, folder, http: reqwest::Client::new(), session: String::new() };
        let port = tokio::task::spawn_blocking(|| port(output));
        let port = within("chromedriver's port", port).await.expect("no panic")?;
        Some((driver, port))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let answer = async { request.send().await?.json::<Value>().await };
        let mut answer =
            answer.await.map_err(|error| Failure::new("no answer", &error.to_string()))?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(Failure::new(error, value["message"].as_str().unwrap_or_default())),
            None => Ok(value),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Without asking first: a test that panicked may have left them in any state, and nothing of
        // theirs is kept. What left the group (Chromium's crash handlers) names the folder as it runs.
        let _ = killpg(pid(self.process.id()), Signal::SIGKILL);
        let _ = self.process.wait();
        let begun = Instant::now();
        // A killed process takes a moment to die, and until then it writes to the folder.
        while let processes @ [_, ..] = processes_within(&self.folder).as_slice()
            && begun.elapsed() < DEADLINE
        {
            for process in processes {
                let _ = kill(*process, Signal::SIGKILL);
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Why WebDriver did not do something.
#[derive(Debug)]
pub(super) struct Failure {
    error: String,
    message: String,
}

impl Failure {
    pub(super) fn new(error: &str, message: &str) -> Self {
        Self { error: error.to_owned(), message: message.to_owned() }
    }

    /// Whether what was looked for is not there.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self.error.as_str(), "no such element" | "stale element reference")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What follows the first line is chromedriver's own stack.
        write!(f, "{} ({})", self.error, self.message.lines().next().unwrap_or_default())
    }
}

/// The id in WebDriver's form of an element; null is its absence.
pub(super) fn element(value: &Value) -> Result<String, Failure> {
    let id = value[ELEMENT].as_str().map(str::to_owned);
    id.ok_or_else(|| Failure::new("no such element", "nothing on the page is it"))
}

/// The port in "ChromeDriver was started successfully on port 40123."; none where it has ended.
fn port(output: std::process::ChildStdout) -> Option<u16> {
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let port = lines.find_map(|line| match line.split_once("started successfully on port ") {
        Some((_, port)) => Some(port.trim_end_matches('.').parse().ok()),
        None => (line == "ended").then_some(None),
    });
    // Somebody has to read on: chromedriver must not wait for a full pipe.
    thread::spawn(move || lines.for_each(drop));
    port.flatten()
}

/// An empty folder that no other browser uses.
fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder =
        env::temp_dir().join(format!("socketscope-browser-{}-{count}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a writable temporary folder");
    folder
}

/// The browser that `CHROMIUM` names or that is called chromium; else chromedriver looks for Chrome.
fn browser() -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("CHROMIUM") {
        return Some(chosen.into());
    }
    let path = env::var_os("PATH")?;
    let folders = env::split_paths(&path);
    folders
        .flat_map(|f| ["chromium", "chromium-browser"].map(|name| f.join(name)))
        .find(|f| f.is_file())
}

/// The processes whose command line names something in the folder: a profile, a database of crashes.
fn processes_within(folder: &Path) -> Vec<Pid> {
    let prefix = format!("{}/", folder.display());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| {
            let id = process.file_name().to_str()?.parse().ok()?;
            let command = fs::read(process.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&command).contains(&prefix).then(|| Pid::from_raw(id))
        })
        .collect()
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap_or(i32::MAX))
}
