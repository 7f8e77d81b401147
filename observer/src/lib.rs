//! What every call of an observed program goes through. It is an extension of Python because it is called twice a call: the
//! same in Python takes a fifth of a round trip through the lab, this a twentieth. observer.py, beside it, knows what to
//! report.

use std::{
    fs::File,
    io,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    thread,
    time::Duration,
};

use pyo3::{intern, prelude::*, types::PyDict};
use socketscope_reports::{Kind, Report, Ring, now, turn};

/// How long to wait before looking again whether there is room for a report: the server reads each few milliseconds.
const FULL: Duration = Duration::from_micros(200);

/// What `enter` returns, and `returned` takes: the call's ticket, the call and the descriptor.
type Entered = (u32, u8, i32);

/// A line of the program's: the number of its file and of the line, 0 where there is none.
type Line = (u16, u32);

/// Where the program's calls are reported.
#[pyclass(frozen)]
struct Reports {
    ring: Ring,
    /// The numbers of the lesson's files, by their paths.
    files: Py<PyDict>,
    /// Waits until the call with the ticket that it is given may be made.
    wait: Py<PyAny>,
    /// `sys._getframe`.
    frame: Py<PyAny>,
    last_ticket: AtomicU32,
    over: AtomicBool,
}

#[pymethods]
impl Reports {
    /// Through the memory that the descriptor names.
    #[new]
    fn new(py: Python<'_>, memory: i32, files: Py<PyDict>, wait: Py<PyAny>) -> PyResult<Self> {
        let ring = Ring::open(opened(memory)?)?;
        let frame = py.import("sys")?.getattr("_getframe")?.unbind();
        let (last_ticket, over) = (AtomicU32::new(0), AtomicBool::new(false));
        Ok(Self { ring, files, wait, frame, last_ticket, over })
    }

    /// Reports that a call is about to be made, once it may be; returns what its return is reported by.
    #[expect(clippy::too_many_arguments, reason = "Python has no cheaper way to hand them over")]
    #[pyo3(signature = (call, fd, a=None, b=None, text=None, shown=None))]
    fn enter(
        &self,
        py: Python<'_>,
        call: u8,
        fd: i32,
        a: Option<&Bound<'_, PyAny>>,
        b: Option<&Bound<'_, PyAny>>,
        text: Option<&[u8]>,
        shown: Option<&[u8]>,
    ) -> PyResult<Entered> {
        if self.over.load(Relaxed) {
            return Ok((0, call, fd));
        }
        // Frame 0 is the observer's method.
        let (file, line) = self.line(py, 1)?;
        let ticket = self.last_ticket.fetch_add(1, Relaxed).wrapping_add(1);
        let call_only = Report { ticket, call, fd, file, line, ..blank(Kind::Ready) };
        if self.ring.needs_permission() {
            self.put(py, call_only);
            self.wait.call1(py, (ticket,))?;
        }
        let (text, shown) = (text.unwrap_or_default(), shown.unwrap_or_default());
        let kind = Kind::Enter;
        self.put(py, Report { kind, a: number(a), b: number(b), text, shown, ..call_only });
        Ok((ticket, call, fd))
    }

    /// Reports that it has returned.
    #[pyo3(signature = (entered, a=None, b=None, text=None, shown=None))]
    fn returned(
        &self,
        py: Python<'_>,
        entered: Entered,
        a: Option<&Bound<'_, PyAny>>,
        b: Option<&Bound<'_, PyAny>>,
        text: Option<&[u8]>,
        shown: Option<&[u8]>,
    ) {
        let (ticket, call, fd) = entered;
        let (text, shown) = (text.unwrap_or_default(), shown.unwrap_or_default());
        let (a, b) = (number(a), number(b));
        self.put(py, Report { ticket, call, fd, a, b, text, shown, ..blank(Kind::Return) });
    }

    /// Reports that it has failed: with an errno, or an exception of Python's own.
    fn failed(&self, py: Python<'_>, entered: Entered, errno: i64, name: &[u8], why: &[u8]) {
        let (ticket, call, fd) = entered;
        let texts = Report { text: name, shown: why, ..blank(Kind::Failed) };
        self.put(py, Report { ticket, call, fd, a: errno, ..texts });
    }

    /// Reports that the program begins, as this process.
    fn started(&self, py: Python<'_>, process: i64) {
        self.put(py, Report { a: process, ..blank(Kind::Started) });
    }

    /// Reports that the program waits at a line that makes no call, or goes on.
    fn at(&self, py: Python<'_>, line: Line, waits: bool) {
        let (file, line) = line;
        self.put(py, Report { file, line, a: waits.into(), ..blank(Kind::At) });
    }

    /// Reports that the program ends with these descriptors, and nothing any more.
    fn ending(&self, py: Python<'_>, descriptors: &[u8]) {
        self.put(py, Report { text: descriptors, ..blank(Kind::Ending) });
        self.stop();
    }

    /// Reports nothing any more.
    fn stop(&self) {
        self.over.store(true, Relaxed);
    }

    /// Whether nothing is reported any more.
    fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// The nearest line that is the program's own, from `depth` frames above on: a call may come from the library on its
    /// behalf.
    fn line(&self, py: Python<'_>, depth: u8) -> PyResult<Line> {
        let files = self.files.bind(py);
        let mut frame = self.frame.bind(py).call1((depth,))?;
        while !frame.is_none() {
            let path = frame.getattr(intern!(py, "f_code"))?.getattr(intern!(py, "co_filename"))?;
            if let Some(file) = files.get_item(path)? {
                return Ok((file.extract()?, frame.getattr(intern!(py, "f_lineno"))?.extract()?));
            }
            frame = frame.getattr(intern!(py, "f_back"))?;
        }
        Ok((0, 0))
    }
}

impl Reports {
    /// Reports it now. Where there is no room the program waits: the server has to know of all its calls.
    fn put(&self, py: Python<'_>, report: Report<'_>) {
        let report = Report { at: now(), turn: turn(), ..report };
        // Python lets one of its threads at a time do this.
        while !self.over.load(Relaxed) && !self.ring.put(report) {
            py.detach(|| thread::sleep(FULL));
        }
    }
}

fn blank(kind: Kind) -> Report<'static> {
    let (call, ticket, fd, file, line) = (0, 0, -1, 0, 0);
    Report { kind, call, ticket, fd, file, line, at: 0, turn: 0, a: 0, b: 0, text: &[], shown: &[] }
}

/// What is no number the call itself will refuse.
fn number(given: Option<&Bound<'_, PyAny>>) -> i64 {
    given.and_then(|given| given.extract().ok()).unwrap_or(0)
}

/// The file of a descriptor, opened once more.
fn opened(descriptor: i32) -> io::Result<File> {
    File::options().read(true).write(true).open(format!("/proc/self/fd/{descriptor}"))
}

/// Part of observer.py.
#[pymodule]
mod socketscope_observer {
    #[pymodule_export]
    use super::Reports;
}
