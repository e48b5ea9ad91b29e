//! How often and when a request that failed in passing is made again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::error::ApiError;

/// How patient a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is made in all.
    pub attempts: u32,
    /// The pause behind the first failure; it doubles with each one more.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
    /// What one call may take.
    pub call: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let first_pause = Duration::from_millis(500);
        Self { attempts: 7, first_pause, longest_pause: Duration::from_secs(32), call: Duration::from_secs(60) }
    }
}

/// How often answers that are none of BigQuery's are asked for again: a wrong endpoint gives them for ever.
const GARBLED: u32 = 3;

impl RetryPolicy {
    /// Makes a request until it succeeds, is refused, or there are no more attempts.
    pub(crate) async fn retry<T>(&self, mut request: impl AsyncFnMut() -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut attempt = 1;
        loop {
            let error = match request().await {
                Ok(answer) => return Ok(answer),
                Err(error) if !error.is_passing() => return Err(error),
                Err(error) => error,
            };
            let is_garbled = matches!(error, ApiError::Garbled { .. });
            let most = if is_garbled { GARBLED.min(self.attempts) } else { self.attempts };
            if attempt >= most {
                return Err(ApiError::GaveUp { attempts: attempt, last: Box::new(error) });
            }
            tracing::info!(attempt, "{error}; trying again");
            tokio::time::sleep(self.pause(attempt, &error)).await;
            attempt += 1;
        }
    }

    /// The pause behind a failure: half of it by chance, so that clients which failed together do not return together.
    pub(crate) fn pause(&self, attempt: u32, error: &ApiError) -> Duration {
        let asked = if let ApiError::Busy { pause: Some(pause), .. } = error { *pause } else { Duration::ZERO };
        let doubled = self.first_pause.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        let share = 0.5 + 0.5 * chance();
        doubled.min(self.longest_pause).mul_f64(share).max(asked.min(self.longest_pause))
    }
}

/// A number from 0 up to 1. The hasher's keys are the standard library's own random numbers.
fn chance() -> f64 {
    const BITS: u32 = 53;
    (RandomState::new().hash_one(0) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
}

#[cfg(test)]
mod tests {
    use super::super::error::Operation;
    use super::*;

    fn busy(pause: Option<Duration>) -> ApiError {
        ApiError::Busy { operation: Operation::Query, status: 503, reason: String::new(), message: "busy".to_owned(), pause }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_vary() {
        let retry_policy = RetryPolicy::default();
        let (first, later) = (retry_policy.pause(1, &busy(None)), retry_policy.pause(30, &busy(None)));
        assert!((Duration::from_millis(250)..=Duration::from_millis(500)).contains(&first), "{first:?}");
        assert!((Duration::from_secs(16)..=Duration::from_secs(32)).contains(&later), "{later:?}");
        let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| retry_policy.pause(9, &busy(None))).collect();
        assert!(pauses.len() > 1);
    }

    #[test]
    fn the_server_s_own_wish_is_heard_within_reason() {
        let retry_policy = RetryPolicy::default();
        assert_eq!(retry_policy.pause(1, &busy(Some(Duration::from_secs(9)))), Duration::from_secs(9));
        assert_eq!(retry_policy.pause(1, &busy(Some(Duration::from_secs(9999)))), retry_policy.longest_pause);
    }
}
