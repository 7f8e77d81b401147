//! What strace(1) has written of a process: its system calls, in the order of their beginnings.

use std::collections::HashMap;

/// What a system call returned: a number, or an error's name and text.
pub type Returned = Result<i64, (String, String)>;

/// A system call as the kernel was asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// The thread that made it.
    pub thread: u32,
    /// Its name.
    pub name: String,
    /// Its arguments as strace shows them, and what the kernel wrote into them.
    pub arguments: String,
    /// None where it did not return.
    pub result: Option<Returned>,
}

impl SystemCall {
    /// Reads what `strace -f -o FILE` has written.
    pub fn read_all(text: &str) -> Vec<Self> {
        let (mut calls, mut begun) = (Vec::<Self>::new(), HashMap::new());
        for line in text.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let (Ok(thread), rest) = (thread.parse(), rest.trim_start()) else { continue };
            if let Some(rest) = rest.strip_prefix("<... ") {
                let (Some(at), Some((_, rest))) =
                    (begun.remove(&thread), rest.split_once(" resumed>"))
                else {
                    continue;
                };
                let call: &mut Self = &mut calls[at];
                let (arguments, result) = ended(rest);
                call.arguments.push_str(arguments);
                call.result = result;
            } else if let Some((name, rest)) = rest.split_once('(') {
                // Signals and ends stand there, too: "--- SIGTERM {…} ---".
                if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    continue;
                }
                let (arguments, result) = match rest.strip_suffix(" <unfinished ...>") {
                    Some(arguments) => {
                        begun.insert(thread, calls.len());
                        (arguments, None)
                    }
                    None => ended(rest),
                };
                let (name, arguments) = (name.to_owned(), arguments.to_owned());
                calls.push(Self { thread, name, arguments, result });
            }
        }
        calls
    }
}

/// The end of a call: the last of its arguments, and its result.
fn ended(text: &str) -> (&str, Option<Returned>) {
    let Some((arguments, result)) = text.rsplit_once(" = ") else { return (text, None) };
    let arguments = arguments.trim_end();
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let mut words = result.splitn(3, ' ');
    let number = words.next().and_then(|word| word.parse::<i64>().ok());
    let (name, message) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let result = number.map(|number| match number {
        -1 => Err((name.to_owned(), message.trim_matches(['(', ')']).to_owned())),
        number => Ok(number),
    });
    (arguments, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_are_interrupted_by_others_are_put_together() {
        let text = "7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n\
            8 recvmsg(4,  <unfinished ...>\n\
            7  sendto(3, \") = 5\", 5, 0, NULL, 0)     = -1 EPIPE (Broken pipe)\n\
            7  --- SIGPIPE {si_signo=SIGPIPE} ---\n\
            8 <... recvmsg resumed>{msg_namelen=0}, 0) = 0\n\
            7 accept4(3,  <unfinished ...>\n\
            7 +++ killed by SIGKILL +++\n";
        let calls = SystemCall::read_all(text);
        let short: Vec<_> =
            calls.iter().map(|call| (call.thread, &*call.name, call.result.clone())).collect();
        let broken = Err(("EPIPE".to_owned(), "Broken pipe".to_owned()));
        assert_eq!(
            short,
            [
                (7, "socket", Some(Ok(3))),
                (8, "recvmsg", Some(Ok(0))),
                (7, "sendto", Some(broken)),
                (7, "accept4", None),
            ]
        );
        assert_eq!(calls[1].arguments, "4, {msg_namelen=0}, 0");
        assert_eq!(calls[2].arguments, "3, \") = 5\", 5, 0, NULL, 0");
    }
}
