use std::time::Instant;

const BILLIONTHS: u128 = 1_000_000_000;

/// Lets a number of requests per second through, and as many at once as it has saved.
#[derive(Debug)]
pub struct TokenBucket {
    capacity: u128,
    per_second: u128,
    billionths: u128,
    filled_at: Instant,
}

impl TokenBucket {
    pub fn new(capacity: u64, per_second: u64, now: Instant) -> Self {
        Self {
            capacity: u128::from(capacity) * BILLIONTHS,
            per_second: u128::from(per_second),
            billionths: u128::from(capacity) * BILLIONTHS,
            filled_at: now,
        }
    }

    pub fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        if self.billionths < BILLIONTHS {
            return false;
        }
        self.billionths -= BILLIONTHS;
        true
    }

    fn fill(&mut self, now: Instant) {
        let gained = now
            .saturating_duration_since(self.filled_at)
            .as_nanos()
            .saturating_mul(self.per_second);
        self.billionths = self.billionths.saturating_add(gained).min(self.capacity);
        self.filled_at = self.filled_at.max(now);
    }
}
