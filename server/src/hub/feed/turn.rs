//! Whose turn it is to move the loop on: its own task's, or that of a publisher that is alone.
//!
//! An event that no other waits with, for a store that answers at once, is accepted where it was published: no task is
//! woken for it, and no other thread. Whatever the loop waits for rings a bell: whoever has the turn looks again, and if
//! nobody has it, the loop's own task is woken. Knows neither orders nor stores.

use parking_lot::Mutex;
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicU8,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::runtime::Handle;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Turn {
    /// The loop, as long as it runs. Whoever has the turn finds it unlocked.
    work: Mutex<Option<Work>>,
    bell: Arc<Bell>,
    waker: Waker,
    runtime: Handle,
}

/// Who has the turn, and whether there is anything to look at.
#[derive(Default)]
pub(super) struct Bell {
    /// [`HELD`] and [`RUNG`]. Only ever changed in one piece: whoever rings has been heard by whoever has the turn next.
    state: AtomicU8,
    own: OnceLock<Waker>,
    /// Publishers are alone, each with a batch of its own, and answered at once: the loop says so.
    lone: AtomicBool,
}

/// Somebody has the turn.
const HELD: u8 = 1;
/// Since the loop began to look last, something it waits for has come.
const RUNG: u8 = 2;

/// So often a publisher looks, at most: what comes meanwhile is others', and the loop's own task sees to it.
const LOOKS: usize = 3;

/// The loop's own task. Dropping it, with the runtime it is on, ends the loop.
pub(super) struct Own(Arc<Turn>);

/// The turn, given back when it is dropped.
pub(super) struct Taken<'a> {
    turn: &'a Turn,
    /// The loop has come to its end.
    over: bool,
}

impl Turn {
    /// To be called on the runtime that the task is spawned on.
    pub(super) fn of(work: impl Future<Output = ()> + Send + 'static, bell: Arc<Bell>) -> (Arc<Self>, Own) {
        let turn = Arc::new(Self {
            work: Mutex::new(Some(Box::pin(work))),
            waker: bell.clone().into(),
            bell,
            runtime: Handle::current(),
        });
        (turn.clone(), Own(turn))
    }

    /// The turn, if whoever asks is alone and nobody has it.
    pub(super) fn take(&self) -> Option<Taken<'_>> {
        let bell = &self.bell;
        // Whom to ring up must be known.
        let alone = bell.lone.load(Relaxed) && bell.own.get().is_some();
        (alone && bell.take()).then(|| Taken { turn: self, over: false })
    }
}

impl Taken<'_> {
    /// Moves the loop on as far as it goes.
    pub(super) fn move_on(mut self) {
        // A publisher may be anywhere; what the loop begins to wait for belongs to its own runtime.
        let _inside = self.turn.runtime.enter();
        for _ in 0..LOOKS {
            self.look();
            if self.over || !self.turn.bell.is_rung() {
                break;
            }
        }
    }

    fn look(&mut self) {
        let Turn { work, bell, waker, .. } = self.turn;
        bell.hush();
        let mut work = work.lock();
        // Of a loop that panics nothing is left.
        self.over = true;
        let Some(mut running) = work.take() else { return };
        // How much a publisher does at once is its own affair, not the loop's, whose turns are counted.
        let unconstrained = &mut tokio::task::unconstrained(running.as_mut());
        self.over = Pin::new(unconstrained).poll(&mut Context::from_waker(waker)).is_ready();
        *work = Some(running).filter(|_| !self.over);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // Whoever rings from here on wakes the loop's own task.
        let rung = self.turn.bell.give_back();
        if (rung || self.over)
            && let Some(own) = self.turn.bell.own.get()
        {
            own.wake_by_ref();
        }
    }
}

impl Bell {
    pub(super) fn set_lone(&self, lone: bool) {
        self.lone.store(lone, Relaxed);
    }

    /// Whatever has rung is looked at after this.
    pub(super) fn hush(&self) {
        self.state.fetch_and(!RUNG, AcqRel);
    }

    fn is_rung(&self) -> bool {
        self.state.load(Acquire) & RUNG != 0
    }

    fn take(&self) -> bool {
        self.state.fetch_or(HELD, AcqRel) & HELD == 0
    }

    /// Whether it has rung since the last look.
    fn give_back(&self) -> bool {
        self.state.fetch_and(!HELD, AcqRel) & RUNG != 0
    }

    fn ring(&self) {
        let held = self.state.fetch_or(RUNG, AcqRel) & HELD != 0;
        if !held && let Some(own) = self.own.get() {
            own.wake_by_ref();
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

impl Future for Own {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Turn { work, bell, waker, .. } = &*self.0;
        // A task has one waker for all its life.
        bell.own.get_or_init(|| context.waker().clone());
        if !bell.take() {
            bell.ring();
            return Poll::Pending;
        }
        let mut taken = Taken { turn: &self.0, over: true };
        bell.hush();
        let mut work = work.lock();
        let Some(mut running) = work.take() else { return Poll::Ready(()) };
        taken.over = running.as_mut().poll(&mut Context::from_waker(waker)).is_ready();
        *work = Some(running).filter(|_| !taken.over);
        if taken.over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let work = self.0.work.lock().take();
        drop(work);
    }
}

/// Lets everybody else run who can.
pub(super) async fn back_of_the_queue() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, task::noop_waker};
    use std::{future::pending, sync::atomic::AtomicUsize};

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    impl Woken {
        fn times(&self) -> usize {
            self.0.load(Relaxed)
        }
    }

    /// A loop, its own task, how often that was woken and the loop was polled. `each` is done in each poll, the first of
    /// which is 1.
    fn turn(
        lone: bool,
        mut each: impl FnMut(usize, &Waker) -> Poll<()> + Send + 'static,
    ) -> (Arc<Turn>, Own, Arc<Woken>, Arc<AtomicUsize>) {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let work = poll_fn(move |context| each(counted.fetch_add(1, Relaxed) + 1, context.waker()));
        let bell = Arc::new(Bell::default());
        bell.set_lone(lone);
        let (turn, own) = Turn::of(work, bell);
        (turn, own, Arc::default(), polls)
    }

    fn poll(own: &mut Own, woken: &Arc<Woken>) -> Poll<()> {
        own.poll_unpin(&mut Context::from_waker(&Waker::from(woken.clone())))
    }

    fn help(turn: &Turn) -> bool {
        turn.take().map(Taken::move_on).is_some()
    }

    #[tokio::test]
    async fn whoever_moves_the_loop_on_it_is_the_loop_s_own_task_that_is_woken_afterwards() {
        let wakers = Arc::new(Mutex::new(Vec::new()));
        let seen = wakers.clone();
        let (turn, mut own, woken, polls) = turn(true, move |_, waker| {
            seen.lock().push(waker.clone());
            Poll::Pending
        });
        assert!(!help(&turn), "whom to wake is not known yet");
        assert!(poll(&mut own, &woken).is_pending());
        assert!(help(&turn));
        assert_eq!((woken.times(), polls.load(Relaxed)), (0, 2));
        for (waker, times) in wakers.lock().drain(..).zip(1..) {
            waker.wake();
            assert_eq!(woken.times(), times);
        }
    }

    #[tokio::test]
    async fn what_rings_while_a_publisher_looks_is_looked_at_again_and_in_the_end_by_the_loop_s_own_task() {
        for rings in 0..LOOKS + 2 {
            let (turn, mut own, woken, polls) = turn(true, move |poll, waker| {
                if poll > 1 && poll <= 1 + rings {
                    waker.wake_by_ref();
                }
                Poll::Pending
            });
            assert!(poll(&mut own, &woken).is_pending());
            assert!(help(&turn));
            let looks = LOOKS.min(rings + 1);
            assert_eq!(polls.load(Relaxed), 1 + looks, "{rings}");
            assert_eq!(woken.times(), usize::from(rings >= LOOKS), "{rings}");
        }
    }

    #[tokio::test]
    async fn the_loop_s_own_task_that_comes_while_a_publisher_looks_is_not_forgotten() {
        let own_of_it: Arc<Mutex<Option<Own>>> = Arc::default();
        let inner = own_of_it.clone();
        let came = Arc::new(Woken::default());
        let waker = came.clone();
        let (turn, mut own, woken, polls) = turn(true, move |polls, _| {
            if polls == 2 {
                // As if on another thread.
                let mut own = inner.lock();
                assert!(poll(own.as_mut().expect("it is there"), &waker).is_pending());
            }
            Poll::Pending
        });
        assert!(poll(&mut own, &woken).is_pending());
        *own_of_it.lock() = Some(own);
        assert!(help(&turn));
        assert_eq!((polls.load(Relaxed), woken.times()), (3, 0), "it is looked for it, at once");
    }

    #[tokio::test]
    async fn a_loop_that_rings_for_itself_in_its_own_task_is_polled_again_later() {
        let (_turn, mut own, woken, polls) = turn(true, |poll, waker| {
            if poll == 1 {
                waker.wake_by_ref();
            }
            Poll::Pending
        });
        assert!(poll(&mut own, &woken).is_pending());
        assert_eq!((polls.load(Relaxed), woken.times()), (1, 1));
        assert!(poll(&mut own, &woken).is_pending());
        assert_eq!((polls.load(Relaxed), woken.times()), (2, 1));
    }

    #[tokio::test]
    async fn where_publishers_are_not_alone_nobody_helps_and_a_loop_that_is_over_wakes_its_task_to_end() {
        let over = |poll, _: &Waker| if poll == 1 { Poll::Pending } else { Poll::Ready(()) };
        let (turn, mut own, woken, polls) = turn(false, over);
        assert!(poll(&mut own, &woken).is_pending());
        assert!(!help(&turn));
        turn.bell.set_lone(true);
        assert!(help(&turn));
        assert_eq!((polls.load(Relaxed), woken.times()), (2, 1));
        assert!(turn.work.lock().is_none());
        assert!(poll(&mut own, &woken).is_ready());
    }

    #[tokio::test]
    async fn a_turn_that_was_not_used_is_given_back_and_one_at_a_time_has_it() {
        let (turn, mut own, woken, polls) = turn(true, |_, _| Poll::Pending);
        assert!(poll(&mut own, &woken).is_pending());
        let taken = turn.take();
        assert!(taken.is_some() && turn.take().is_none());
        turn.waker.wake_by_ref();
        assert_eq!(woken.times(), 0);
        drop(taken);
        assert_eq!((polls.load(Relaxed), woken.times()), (1, 1), "somebody has to look");
        assert!(help(&turn));
    }

    #[tokio::test]
    async fn with_its_own_task_ends_the_loop_whoever_still_publishes() {
        let held = Arc::new(());
        let holds = held.clone();
        let work = async move {
            let _holds = holds;
            pending::<()>().await;
        };
        let bell = Arc::new(Bell::default());
        bell.set_lone(true);
        let (turn, mut own) = Turn::of(work, bell);
        assert!(own.poll_unpin(&mut Context::from_waker(&noop_waker())).is_pending());
        drop(own);
        assert_eq!(Arc::strong_count(&held), 1);
        help(&turn);
    }
}
