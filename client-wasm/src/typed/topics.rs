//! The topics of a running stream, changed from elsewhere than where it is read.

use super::Line;
use eventwire::{InvalidTopic, Pattern};
use std::rc::Weak;

/// The topics of a running stream, counted: each `add` wants one `delete`. Does not keep the stream open, and does nothing
/// once it is dropped.
#[derive(Clone)]
pub struct TopicSet(pub(super) Weak<Line>);

impl TopicSet {
    /// One more user of each of these.
    ///
    /// # Errors
    ///
    /// The first that is no topic; none is added then.
    pub fn add<T: AsRef<str>>(&self, topics: impl IntoIterator<Item = T>) -> Result<(), InvalidTopic> {
        let topics = parsed(topics)?;
        if let Some(line) = self.0.upgrade() {
            line.add_topics(&topics);
        }
        Ok(())
    }

    /// One user less of each of these.
    ///
    /// # Errors
    ///
    /// The first that is no topic; none is deleted then.
    pub fn delete<T: AsRef<str>>(&self, topics: impl IntoIterator<Item = T>) -> Result<(), InvalidTopic> {
        let topics = parsed(topics)?;
        if let Some(line) = self.0.upgrade() {
            line.delete_topics(&topics);
        }
        Ok(())
    }
}

impl std::fmt::Debug for TopicSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TopicSet")
    }
}

fn parsed<T: AsRef<str>>(topics: impl IntoIterator<Item = T>) -> Result<Vec<Pattern>, InvalidTopic> {
    topics.into_iter().map(|topic| Pattern::parse(topic.as_ref())).collect()
}
