//! Accepting connections and ending them: timeouts, drain. Knows nothing of hubs.
