//! The frames in what a server sends (RFC 6455, section 5.2), told apart without being read.

/// A text frame.
pub(crate) const TEXT: u8 = 1;
/// A Close.
pub(crate) const CLOSE: u8 = 8;

/// Our own Close 1000, masked with zeroes.
pub(crate) const OUR_CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

/// Follows a stream of bytes from frame to frame.
#[derive(Default)]
pub(crate) struct Frames {
    head: [u8; 10],
    have: usize,
    /// How many bytes of the payload are still to come, once the head is whole.
    left: Option<u64>,
    /// The payload of the last text frame, if anybody wants it.
    text: Option<Vec<u8>>,
}

impl Frames {
    pub(crate) fn new(keep_text: bool) -> Self {
        Self { text: keep_text.then(Vec::new), ..Self::default() }
    }

    /// The payload of the last text frame, if it was to be kept.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.text.as_deref().unwrap_or_default()).unwrap()
    }

    /// Takes the next bytes and names the opcode of each frame that ends in them.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut ended: impl FnMut(u8)) {
        while !bytes.is_empty() {
            match self.left {
                None => {
                    self.head[self.have] = bytes[0];
                    self.have += 1;
                    bytes = &bytes[1..];
                    self.left = self.length();
                    if let (Some(_), TEXT, Some(text)) = (self.left, self.opcode(), &mut self.text) {
                        text.clear();
                    }
                }
                Some(left) => {
                    let (now, later) = bytes.split_at(bytes.len().min(left.try_into().unwrap()));
                    if let (TEXT, Some(text)) = (self.opcode(), &mut self.text) {
                        text.extend_from_slice(now);
                    }
                    self.left = Some(left - now.len() as u64);
                    bytes = later;
                }
            }
            if self.left == Some(0) {
                ended(self.opcode());
                (self.have, self.left) = (0, None);
            }
        }
    }

    fn opcode(&self) -> u8 {
        self.head[0] & 15
    }

    /// The length of the payload, once the head says it.
    fn length(&self) -> Option<u64> {
        let long = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        match (self.have, self.head[1]) {
            (0 | 1, _) => None,
            (2, short @ 0..126) => Some(short.into()),
            (4, 126) => Some(long(&self.head[2..4])),
            (10, 127) => Some(long(&self.head[2..10])),
            _ => None,
        }
    }
}
