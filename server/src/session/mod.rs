//! What one reader is owed: resume, replay, gap, cursor, heartbeat, lag, bye.
