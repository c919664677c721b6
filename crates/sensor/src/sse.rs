//! Server-sent events (WHATWG HTML, section 9.2.6), read within limits: a line and an event have a longest length.

/// The most bytes of a line.
pub const LONGEST_LINE: usize = 64 << 10;
/// The most bytes of the data of one event.
pub const LARGEST_EVENT: usize = 256 << 10;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its kind; `message` where the stream says nothing.
    pub kind: String,
    /// The last id that the stream gave.
    pub id: String,
    /// Its data, lines joined by a line feed.
    pub data: String,
}

/// A line or an event was longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server sent an event that is too long")]
pub struct TooLong;

/// Reads a stream piece by piece.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed right behind it belongs to it.
    after_return: bool,
    begun: bool,
    kind: String,
    id: String,
    data: String,
    has_data: bool,
}

impl Reader {
    /// Takes the next bytes and gives the events that they complete.
    ///
    /// # Errors
    /// When a line or an event is too long; the stream cannot be read further.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            let second_half = std::mem::take(&mut self.after_return) && byte == b'\n';
            match byte {
                _ if second_half => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    events.extend(self.end_line()?);
                }
                _ if self.line.len() == LONGEST_LINE => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<Event>, TooLong> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        let line = if std::mem::replace(&mut self.begun, true) {
            line.as_str()
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "data" => self.add_data(value)?,
            // A comment, a reconnection time that we do not take, or a field that nobody defined.
            _ => {}
        }
        Ok(None)
    }

    fn add_data(&mut self, value: &str) -> Result<(), TooLong> {
        if self.data.len() + value.len() >= LARGEST_EVENT {
            return Err(TooLong);
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push('\n');
        }
        self.data.push_str(value);
        Ok(())
    }

    /// An event without data is none.
    fn end_event(&mut self) -> Option<Event> {
        let (kind, data) = (std::mem::take(&mut self.kind), std::mem::take(&mut self.data));
        let kind = if kind.is_empty() { "message".to_owned() } else { kind };
        std::mem::take(&mut self.has_data).then(|| Event { kind, id: self.id.clone(), data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Event> {
        Reader::default().push(text.as_bytes()).unwrap()
    }

    fn event(kind: &str, id: &str, data: &str) -> Event {
        Event { kind: kind.into(), id: id.into(), data: data.into() }
    }

    #[test]
    fn the_examples_of_the_standard_are_read_as_it_says() {
        assert_eq!(read("data: YHOO\ndata: +2\ndata: 10\n\n"), [event("message", "", "YHOO\n+2\n10")]);
        let stream =
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        let expected = [
            event("message", "1", "first event"),
            event("message", "", "second event"),
            event("message", "", " third event"),
        ];
        assert_eq!(read(stream), expected);
        assert_eq!(
            read("data\n\ndata\ndata\n\ndata:"),
            [event("message", "", ""), event("message", "", "\n")]
        );
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut reader = Reader::default();
        assert_eq!(reader.push(&vec![b'x'; LONGEST_LINE]), Ok(vec![]));
        assert_eq!(reader.push(b"x"), Err(TooLong));
        let line = format!("data: {}\n", "x".repeat(LONGEST_LINE - 6));
        assert_eq!(Reader::default().push(line.repeat(5).as_bytes()), Err(TooLong));
    }

    proptest! {
        #[test]
        fn a_stream_reads_the_same_however_it_is_cut_and_its_lines_are_ended(
            events in proptest::collection::vec(("[a-z]{1,8}", 0u64..100, "[^\r\n\0]{0,20}(\n[^\r\n\0]{0,9})?"), 0..6),
            ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            pieces in proptest::collection::vec(1usize..9, 1..9),
        ) {
            let text: String = events.iter().map(|(kind, id, data)| {
                let data: String = data.split('\n').map(|line| format!("data: {line}{ending}")).collect();
                format!(": keep-alive{ending}event: {kind}{ending}id: {id}{ending}{data}{ending}")
            }).collect();
            let (mut reader, mut rest, mut read) = (Reader::default(), text.as_bytes(), Vec::new());
            for piece in pieces.iter().cycle() {
                let (first, others) = rest.split_at(rest.len().min(*piece));
                read.extend(reader.push(first).unwrap());
                if others.is_empty() { break }
                rest = others;
            }
            let expected: Vec<_> =
                events.iter().map(|(kind, id, data)| event(kind, &id.to_string(), data)).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = Reader::default().push(&bytes);
        }
    }
}
