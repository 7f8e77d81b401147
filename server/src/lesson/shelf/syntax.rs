//! Whether Python can read the files of lessons. Nothing of them is run, and Python is asked once for all of them: it
//! takes longer to start than to read them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::Mistake;

/// Reads pairs of a file and its code, and writes a line for each that is no Python.
const READER: &str = "
import json, sys
for file, code in json.load(sys.stdin.buffer):
    try:
        compile(code, file, 'exec', dont_inherit=True)
    except Exception as wrong:
        print(json.dumps([file, getattr(wrong, 'lineno', None) or 0, getattr(wrong, 'msg', str(wrong))]))
";

/// What Python says is wrong in these files, each with its code. Nothing where there is no Python: then no lesson can be
/// run, which is said elsewhere.
pub(super) fn mistakes(files: &[(String, &str)]) -> Vec<Mistake> {
    // Without any the start of Python would be for nothing.
    if files.is_empty() {
        return Vec::new();
    }
    let mut python = Command::new("python3");
    let python = python.args(["-I", "-W", "ignore", "-c", READER]);
    let python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut python) = python.spawn() else { return Vec::new() };
    if let Some(mut input) = python.stdin.take() {
        // It reads everything before it writes, so that neither waits for the other. One that has ended says nothing.
        let _ = input.write_all(serde_json::to_string(files).unwrap_or_default().as_bytes());
    }
    let said = python.wait_with_output().map(|output| output.stdout).unwrap_or_default();
    let mistake = |line: &[u8]| {
        let (file, line, what): (String, usize, String) = serde_json::from_slice(line).ok()?;
        Some(Mistake { file, line, what: format!("Python cannot read this: {what}") })
    };
    said.split(|byte| *byte == b'\n').filter_map(mistake).collect()
}
