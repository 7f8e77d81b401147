//! What has arrived and is not yet taken in: text messages, handed out line by line. Knows neither a browser nor what a line means.

use std::collections::VecDeque;

/// Messages in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    messages: VecDeque<String>,
    /// Where in the first message the next line starts.
    at: usize,
    bytes: usize,
}

impl Inbox {
    /// Adds a message of one or more lines.
    pub(crate) fn push(&mut self, message: String) {
        self.bytes += message.len();
        self.messages.push_back(message);
    }

    /// Bytes of the messages that wait, the one in reading included.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets everything: what follows will be asked for again.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What `read` makes of the next line that is not empty; none where nothing waits.
    pub(crate) fn next<T>(&mut self, mut read: impl FnMut(&str) -> T) -> Option<T> {
        loop {
            let message = self.messages.front()?;
            let Some(rest) = message.get(self.at..).filter(|rest| !rest.is_empty()) else {
                self.bytes -= message.len();
                self.messages.pop_front();
                self.at = 0;
                continue;
            };
            let line = rest.split('\n').next().unwrap_or_default();
            self.at += line.len() + 1;
            if !line.is_empty() {
                return Some(read(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(inbox: &mut Inbox) -> Vec<String> {
        std::iter::from_fn(|| inbox.next(str::to_owned)).collect()
    }

    #[test]
    fn lines_come_out_in_order_whatever_the_messages() {
        let mut inbox = Inbox::default();
        for message in ["a\nb\n", "", "\n", "c", "é\n\nd"] {
            inbox.push(message.to_owned());
        }
        assert_eq!(lines(&mut inbox), ["a", "b", "c", "é", "d"]);
        assert_eq!(inbox.bytes(), 0);
    }

    #[test]
    fn a_message_counts_until_its_last_line_is_read() {
        let mut inbox = Inbox::default();
        inbox.push("a\nb".into());
        assert_eq!(inbox.next(str::to_owned).as_deref(), Some("a"));
        assert_eq!(inbox.bytes(), 3);
        assert_eq!(lines(&mut inbox), ["b"]);
        assert_eq!(inbox.bytes(), 0);
    }
}
