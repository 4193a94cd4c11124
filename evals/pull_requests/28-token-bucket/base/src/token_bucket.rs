use std::time::{Duration, Instant};

/// Lets a number of requests per second through, and as many at once as it has saved.
#[derive(Debug)]
pub struct TokenBucket {
    capacity: u64,
    per_second: u64,
    tokens: u64,
    filled_at: Instant,
}

impl TokenBucket {
    pub fn new(capacity: u64, per_second: u64, now: Instant) -> Self {
        Self {
            capacity,
            per_second,
            tokens: capacity,
            filled_at: now,
        }
    }

    pub fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        if self.tokens == 0 {
            return false;
        }
        self.tokens -= 1;
        true
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.duration_since(self.filled_at).as_secs();
        if elapsed > 0 {
            self.tokens = (self.tokens + elapsed * self.per_second).min(self.capacity);
            self.filled_at += Duration::from_secs(elapsed);
        }
    }
}
