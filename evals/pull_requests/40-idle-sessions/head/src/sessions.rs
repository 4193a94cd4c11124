use std::collections::HashMap;
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub struct Session {
    pub user_id: u64,
    pub last_seen: Instant,
}

impl Session {
    fn is_idle(&self, limit: Duration, now: Instant) -> bool {
        now.duration_since(self.last_seen) >= limit
    }
}

/// Sessions of people who are signed in; whoever is idle for too long is signed out.
#[derive(Debug)]
pub struct Sessions {
    by_token: HashMap<String, Session>,
    idle_limit: Duration,
}

impl Sessions {
    pub fn new(idle_limit: Duration) -> Self {
        Self {
            by_token: HashMap::new(),
            idle_limit,
        }
    }

    pub fn start(&mut self, token: String, user_id: u64, now: Instant) {
        self.by_token.insert(
            token,
            Session {
                user_id,
                last_seen: now,
            },
        );
    }

    pub fn touch(&mut self, token: &str, now: Instant) -> Option<u64> {
        let session = self.by_token.get_mut(token)?;
        if session.is_idle(self.idle_limit, now) {
            self.by_token.remove(token);
            return None;
        }
        session.last_seen = now;
        Some(session.user_id)
    }

    pub fn sweep(&mut self, now: Instant) -> usize {
        let before = self.by_token.len();
        let limit = self.idle_limit;
        self.by_token.retain(|_, session| session.is_idle(limit, now));
        before - self.by_token.len()
    }

    pub fn len(&self) -> usize {
        self.by_token.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_token.is_empty()
    }
}
