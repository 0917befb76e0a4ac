//! Publishes on their way: gathered, handed to the store in batches, answered when they come back through the tail.
//!
//! Decides what a key means before anything is stored. Knows no store.

use super::{Answer, Answered, Order};
use crate::{
    hub::{keys::Keys, publish::PublishError},
    store::{Producer, Record, StoreError, StoreErrorKind},
};
use eventwire::{Epoch, Offset, Position};
use hashbrown::HashMap;
use std::{collections::VecDeque, sync::Arc};

/// Records of one batch.
pub(super) const BATCH: usize = 512;
/// Bytes of payload after which a batch ends.
const BATCH_BYTES: usize = 4 << 20;

pub(super) struct Orders {
    tag: Arc<str>,
    next: u64,
    /// Not yet handed to the store. Never over [`BATCH`], see [`Self::room`].
    gathered: VecDeque<Arc<Record>>,
    waiting: HashMap<u64, Waiting>,
    /// Keys on their way.
    keys: HashMap<Box<str>, u64>,
    /// Decided, and told together: see [`Self::tell`].
    decided: Vec<(Answer, Result<Position, PublishError>)>,
    /// The newest batch that was stored, and what is left of the one before: at most [`BATCH`] each.
    stored: Vec<Arc<Record>>,
    spent: Vec<Arc<Record>>,
}

struct Waiting {
    answer: Answer,
    /// Of those that published the same key meanwhile.
    others: Vec<Answer>,
    key: Option<Box<str>>,
}

impl Orders {
    /// `tag` tells this hub's records from those of others.
    pub(super) fn new(tag: &str) -> Self {
        Self {
            tag: tag.into(),
            next: 1,
            gathered: VecDeque::new(),
            waiting: HashMap::new(),
            keys: HashMap::new(),
            decided: Vec::new(),
            stored: Vec::new(),
            spent: Vec::new(),
        }
    }

    /// How many more orders may be taken now.
    pub(super) fn room(&self) -> usize {
        BATCH.saturating_sub(self.gathered.len())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Takes an order in. One whose key is known is answered at once, one whose key is on its way waits with it.
    pub(super) fn take(&mut self, order: Order, epoch: Epoch, seen: &Keys, time: u64) {
        let Order { mut record, answer } = order;
        if let Some(key) = &record.key {
            if let Some(offset) = seen.find(key, time) {
                let _ = answer.send(Answered { result: Ok(Position { epoch, offset }), spent: None });
                return;
            }
            if let Some(waiting) = self.keys.get(key).and_then(|seq| self.waiting.get_mut(seq)) {
                waiting.others.push(answer);
                return;
            }
        }
        let seq = self.next;
        self.next += 1;
        if let Some(key) = &record.key {
            self.keys.insert(key.clone(), seq);
        }
        self.waiting.insert(seq, Waiting { answer, others: Vec::new(), key: record.key.clone() });
        let producer = Some(Producer { tag: self.tag.clone(), seq });
        // Nobody else has it yet.
        let written = Arc::make_mut(&mut record);
        (written.epoch, written.producer, written.time) = (Some(epoch), producer, time);
        self.gathered.push_back(record);
    }

    /// The next batch, in the order it was taken in.
    pub(super) fn batch(&mut self, epoch: Epoch) -> Vec<Arc<Record>> {
        let mut bytes = 0;
        let mut batch = Vec::with_capacity(self.gathered.len());
        while let Some(mut record) = self.gathered.pop_front() {
            if record.epoch != Some(epoch) {
                Arc::make_mut(&mut record).epoch = Some(epoch);
            }
            bytes += record.payload.as_str().len();
            batch.push(record);
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        batch
    }

    /// A batch that was not stored, to be stored again: before all others.
    pub(super) fn put_back(&mut self, batch: Vec<Arc<Record>>) {
        for record in batch.into_iter().rev() {
            self.gathered.push_front(record);
        }
    }

    /// A record came back. If it is ours, whoever waits for it gets its position, once [`Self::tell`] is called.
    pub(super) fn resolve(&mut self, producer: Option<&Producer>, position: Position) {
        if let Some(seq) = producer.filter(|producer| producer.tag == self.tag).map(|producer| producer.seq) {
            self.decide(seq, || Ok(position));
        }
    }

    /// Answers those whose events came back. All at once: each that is woken may wake a worker, and a worker that finds
    /// one of them goes to sleep again, while one that finds many is a help.
    pub(super) fn tell(&mut self) {
        for (answer, result) in self.decided.drain(..) {
            // Whoever asked may have gone; the event stands all the same.
            let _ = answer.send(Answered { result, spent: self.spent.pop() });
        }
    }

    /// A batch is stored. The one before is nobody's any more once this one comes back.
    pub(super) fn stored(&mut self, batch: Vec<Arc<Record>>) {
        self.spent = std::mem::replace(&mut self.stored, batch);
    }

    /// These were not stored, or it is not known.
    pub(super) fn fail(&mut self, seqs: impl IntoIterator<Item = u64>, error: impl Fn() -> PublishError) {
        for seq in seqs {
            self.decide(seq, || Err(error()));
        }
        self.tell();
    }

    /// Nothing that was handed to the store can be found again.
    pub(super) fn lose_sent(&mut self, why: &StoreError) {
        // Handed over in the order they were taken in.
        let unsent = self.gathered.front().and_then(|record| Some(record.producer.as_ref()?.seq)).unwrap_or(self.next);
        let sent: Vec<u64> = self.waiting.keys().copied().filter(|seq| *seq < unsent).collect();
        self.fail(sent, || PublishError::Indeterminate(why.clone()));
    }

    /// The store has not answered for long: what it was handed may be stored, everything else is given up.
    pub(super) fn give_up(&mut self, why: &StoreError) {
        self.lose_sent(why);
        let gathered: Vec<u64> =
            self.gathered.drain(..).filter_map(|record| Some(record.producer.as_ref()?.seq)).collect();
        self.fail(gathered, || PublishError::Refused(why.clone()));
    }

    /// What lies at or before `upto` has come back: whatever of it still waits was lost.
    pub(super) fn settle(&mut self, acked: impl Iterator<Item = (u64, Offset)>, upto: Offset) {
        let passed = acked.filter(|(_, at)| *at <= upto).map(|(seq, _)| seq);
        self.fail(passed, || {
            let why = StoreError::new(StoreErrorKind::Unavailable, "it was acknowledged and did not come back");
            PublishError::Indeterminate(why)
        });
    }

    fn decide(&mut self, seq: u64, with: impl Fn() -> Result<Position, PublishError>) {
        let Some(Waiting { answer, others, key }) = self.waiting.remove(&seq) else { return };
        if let Some(key) = key {
            self.keys.remove(&key);
        }
        for answer in others {
            self.decided.push((answer, with()));
        }
        self.decided.push((answer, with()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::keys::KEYS;
    use eventwire::{EventName, Payload, Topic};
    use std::ptr;
    use tokio::sync::oneshot::{self, Receiver, error::TryRecvError};

    fn epoch() -> Epoch {
        Epoch::from_random(1)
    }

    fn published(orders: &mut Orders) -> Receiver<super::super::Answered> {
        let (answer, answered) = oneshot::channel();
        let (topic, name) = (Topic::parse("a").unwrap(), EventName::parse("tick").unwrap());
        let payload = Payload::parse("1").unwrap();
        let record = Record { epoch: None, producer: None, key: None, time: 0, topic, name, payload };
        orders.take(Order { record: Arc::new(record), answer }, epoch(), &Keys::new(KEYS), 7);
        answered
    }

    /// Stores what was gathered; it comes back and is decided, and nobody is told yet.
    fn stored(orders: &mut Orders, first: u64) -> Vec<*const Record> {
        let batch = orders.batch(epoch());
        orders.stored(batch.clone());
        for (record, offset) in batch.iter().zip(first..) {
            assert_eq!((record.epoch, record.time), (Some(epoch()), 7));
            orders.resolve(record.producer.as_ref(), Position { epoch: epoch(), offset: Offset(offset) });
        }
        batch.iter().map(Arc::as_ptr).collect()
    }

    #[test]
    fn those_of_a_batch_are_told_together_and_each_lets_go_of_a_record_of_the_batch_before() {
        let mut orders = Orders::new("p");
        let mut before: Vec<*const Record> = Vec::new();
        let mut offset = 1;
        for size in [1, 3, 2, 2] {
            let mut waiting: Vec<_> = (0..size).map(|_| published(&mut orders)).collect();
            let batch = stored(&mut orders, offset);
            assert!(waiting.iter_mut().all(|answer| matches!(answer.try_recv(), Err(TryRecvError::Empty))));
            orders.tell();
            for answer in &mut waiting {
                let Answered { result, spent } = answer.try_recv().unwrap();
                assert_eq!(result.unwrap().offset, Offset(offset));
                let spent = spent.map(|spent| {
                    assert_eq!(Arc::strong_count(&spent), 1, "it is nobody else's");
                    Arc::as_ptr(&spent)
                });
                assert!(match (spent, before.pop()) {
                    (Some(spent), Some(before)) => ptr::eq(spent, before),
                    (spent, before) => spent.is_none() && before.is_none(),
                });
                offset += 1;
            }
            before = batch;
        }
        // What is left over of a batch before is let go of with the next.
        assert!(orders.spent.len() + orders.stored.len() <= 3);
    }
}
