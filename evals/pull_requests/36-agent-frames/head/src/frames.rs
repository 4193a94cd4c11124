use std::io::{self, Read};

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Kind {
    Data,
    Ping,
    Pong,
    Close,
}

impl Kind {
    fn from_byte(byte: u8) -> io::Result<Self> {
        match byte {
            0 => Ok(Kind::Data),
            1 => Ok(Kind::Ping),
            2 => Ok(Kind::Pong),
            3 => Ok(Kind::Close),
            other => Err(invalid(format!("unknown kind of frame: {other}"))),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: Kind,
    pub payload: Vec<u8>,
}

/// Reads one frame of an agent: a byte for its kind, four for its length, and the payload.
pub fn read_frame(input: &mut impl Read) -> io::Result<Frame> {
    let mut header = [0u8; 5];
    input.read_exact(&mut header)?;
    let kind = Kind::from_byte(header[0])?;
    let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
    let mut payload = vec![0u8; length];
    input.read_exact(&mut payload)?;
    Ok(Frame { kind, payload })
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
