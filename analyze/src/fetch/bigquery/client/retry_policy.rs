//! How often and when a request that failed in passing is made again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

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
        let mut pauses = self.pauses();
        let mut attempt = 1;
        loop {
            let error = match request().await {
                Ok(answer) => return Ok(answer),
                Err(error) if !error.is_passing() => return Err(error),
                Err(error) => error,
            };
            let is_hopeless = attempt >= GARBLED && matches!(error, ApiError::Garbled { .. });
            let Some(pause) = pauses.next().filter(|_| !is_hopeless) else {
                return Err(ApiError::GaveUp { attempts: attempt, last: Box::new(error) });
            };
            tracing::info!(attempt, "{error}; trying again");
            tokio::time::sleep(self.pause(pause, &error)).await;
            attempt += 1;
        }
    }

    /// The pauses between attempts: half of each by chance, so that clients which failed together do not return together.
    fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        // The crate adds up to as much again by chance.
        ExponentialBuilder::new()
            .with_min_delay(self.first_pause / 2)
            .with_max_delay(self.longest_pause / 2)
            .with_max_times(self.attempts.saturating_sub(1) as usize)
            .with_jitter()
            .build()
    }

    /// A pause, or what the server asks for where that is more, within reason.
    fn pause(&self, pause: Duration, error: &ApiError) -> Duration {
        let asked = if let ApiError::Busy { pause: Some(pause), .. } = error { *pause } else { Duration::ZERO };
        pause.max(asked.min(self.longest_pause))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Operation;
    use super::*;

    fn busy(pause: Option<Duration>) -> ApiError {
        ApiError::Busy {
            operation: Operation::Query,
            status: 503,
            reason: String::new(),
            message: "busy".to_owned(),
            pause,
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_vary() {
        let retry_policy = RetryPolicy { attempts: 31, ..RetryPolicy::default() };
        let pauses: Vec<Duration> = retry_policy.pauses().collect();
        assert_eq!(pauses.len(), 30);
        let (first, later) = (pauses[0], pauses[29]);
        assert!((Duration::from_millis(250)..=Duration::from_millis(500)).contains(&first), "{first:?}");
        assert!((Duration::from_millis(500)..=Duration::from_secs(1)).contains(&pauses[1]), "{:?}", pauses[1]);
        assert!((Duration::from_secs(16)..=Duration::from_secs(32)).contains(&later), "{later:?}");
        let ninth: std::collections::BTreeSet<_> = (0..20).map(|_| retry_policy.pauses().nth(8)).collect();
        assert!(ninth.len() > 1);
    }

    #[test]
    fn the_server_s_own_wish_is_heard_within_reason() {
        let retry_policy = RetryPolicy::default();
        let pause = |asked| retry_policy.pause(retry_policy.first_pause, &busy(Some(asked)));
        assert_eq!(pause(Duration::from_secs(9)), Duration::from_secs(9));
        assert_eq!(pause(Duration::from_secs(9999)), retry_policy.longest_pause);
        assert_eq!(pause(Duration::ZERO), retry_policy.first_pause);
    }
}
