use std::num::NonZeroUsize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shards {
    names: Vec<String>,
    count: NonZeroUsize,
}

#[derive(Debug, PartialEq, Eq)]
pub struct NoShards;

impl Shards {
    /// At least one; their order decides which keys belong to which.
    pub fn new(names: Vec<String>) -> Result<Self, NoShards> {
        let count = NonZeroUsize::new(names.len()).ok_or(NoShards)?;
        Ok(Self { names, count })
    }

    /// The shard that keeps a key.
    pub fn of(&self, key: &str) -> &str {
        let index = hash(key) % self.count.get() as u64;
        &self.names[index as usize]
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// FNV-1a, which is the same on every machine and in every release.
fn hash(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
