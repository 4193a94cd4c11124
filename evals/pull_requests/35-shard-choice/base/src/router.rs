use crate::shards::Shards;

#[derive(Debug)]
pub struct Router {
    shards: Shards,
}

impl Router {
    pub fn new(shards: Shards) -> Self {
        Self { shards }
    }

    pub fn url(&self, key: &str) -> String {
        let shard = self.shards.of(key).expect("there is a shard");
        format!("https://{shard}.cache.internal/{key}")
    }
}
