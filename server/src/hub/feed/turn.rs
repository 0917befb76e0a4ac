//! Whose turn it is to move the loop on: its own task's, or that of a publisher that is alone.
//!
//! An event that no other waits with, for a store that answers at once, is accepted where it was published: no task is
//! woken for it, and no other thread. Whatever the loop waits for wakes its own task, whoever moved the loop on. Knows
//! neither orders nor stores.

use parking_lot::Mutex;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst, fence},
    },
    task::{Context, Poll, Waker},
};
use tokio::runtime::Handle;

/// Whether publishers are alone, each with a batch of its own, and answered at once: the loop says so.
pub(super) type Lone = Arc<AtomicBool>;

pub(super) struct Turn {
    /// The loop, as long as it runs.
    work: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    own: OnceLock<Waker>,
    /// Its own task was there while somebody else had it.
    missed: AtomicBool,
    lone: Lone,
    runtime: Handle,
}

/// The loop's own task. Dropping it, with the runtime it is on, ends the loop.
pub(super) struct Own(Arc<Turn>);

impl Turn {
    /// To be called on the runtime that the task is spawned on.
    pub(super) fn of(work: impl Future<Output = ()> + Send + 'static, lone: Lone) -> (Arc<Self>, Own) {
        let turn = Arc::new(Self {
            work: Mutex::new(Some(Box::pin(work))),
            own: OnceLock::new(),
            missed: AtomicBool::new(false),
            lone,
            runtime: Handle::current(),
        });
        (turn.clone(), Own(turn))
    }

    /// Moves the loop on, if whoever calls this is alone, and nobody has it.
    pub(super) fn help(&self) {
        let Some(own) = self.own.get().filter(|_| self.lone.load(Relaxed)) else { return };
        let Some(mut work) = self.work.try_lock() else { return };
        // A publisher may be anywhere; what the loop begins to wait for belongs to its own runtime.
        let inside = self.runtime.enter();
        let over = advance(&mut work, &mut Context::from_waker(own));
        drop(inside);
        drop(work);
        // Either its own task finds the lock free, or this finds that it was there.
        fence(SeqCst);
        if self.missed.swap(false, Relaxed) || over {
            own.wake_by_ref();
        }
    }
}

/// Whether it is over. It is gone as well if it panics.
fn advance(work: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>, context: &mut Context<'_>) -> bool {
    let Some(mut running) = work.take() else { return true };
    let over = running.as_mut().poll(context).is_ready();
    *work = Some(running).filter(|_| !over);
    over
}

impl Future for Own {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let turn = &self.0;
        // A task has one waker for all its life.
        turn.own.get_or_init(|| context.waker().clone());
        turn.missed.store(true, Relaxed);
        fence(SeqCst);
        let Some(mut work) = turn.work.try_lock() else { return Poll::Pending };
        turn.missed.store(false, Relaxed);
        if advance(&mut work, context) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let work = self.0.work.lock().take();
        drop(work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, task::noop_waker};
    use std::{
        future::{pending, poll_fn},
        sync::atomic::AtomicUsize,
        task::Wake,
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn lone(is: bool) -> Lone {
        Arc::new(AtomicBool::new(is))
    }

    #[tokio::test]
    async fn whoever_moves_the_loop_on_it_is_the_loop_s_own_task_that_is_woken() {
        let woken = Arc::new(Woken::default());
        let own_waker = Waker::from(woken.clone());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let wakers = seen.clone();
        let work = poll_fn(move |context| {
            wakers.lock().push(context.waker().clone());
            Poll::Pending
        });
        let (turn, mut own) = Turn::of(work, lone(true));
        turn.help();
        assert!(seen.lock().is_empty(), "whom to wake is not known yet");
        assert!(own.poll_unpin(&mut Context::from_waker(&own_waker)).is_pending());
        turn.help();
        assert!(seen.lock().len() == 2 && seen.lock().iter().all(|waker| waker.will_wake(&own_waker)));
        assert_eq!(woken.0.load(Relaxed), 0, "nobody was there meanwhile");
    }

    #[tokio::test]
    async fn the_loop_s_own_task_that_came_while_somebody_else_had_it_is_woken_afterwards() {
        let woken = Arc::new(Woken::default());
        let own_waker = Waker::from(woken.clone());
        let own_of_it: Arc<Mutex<Option<Own>>> = Arc::default();
        let (inner, waker) = (own_of_it.clone(), own_waker.clone());
        let mut polls = 0;
        let work = poll_fn(move |_| {
            polls += 1;
            if polls == 2 {
                // As if on another thread, while the one that helps has it.
                let mut own = inner.lock();
                let own = own.as_mut().expect("it is there");
                assert!(own.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            }
            Poll::Pending
        });
        let (turn, mut own) = Turn::of(work, lone(true));
        assert!(own.poll_unpin(&mut Context::from_waker(&own_waker)).is_pending());
        *own_of_it.lock() = Some(own);
        turn.help();
        assert_eq!(woken.0.load(Relaxed), 1);
        turn.help();
        assert_eq!(woken.0.load(Relaxed), 1, "once");
    }

    #[tokio::test]
    async fn where_publishers_are_not_alone_nobody_helps_and_a_loop_that_is_over_wakes_its_task_to_end() {
        let woken = Arc::new(Woken::default());
        let own_waker = Waker::from(woken.clone());
        let mut polls = 0;
        let work = poll_fn(move |_| {
            polls += 1;
            if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
        });
        let alone = lone(false);
        let (turn, mut own) = Turn::of(work, alone.clone());
        assert!(own.poll_unpin(&mut Context::from_waker(&own_waker)).is_pending());
        turn.help();
        assert!(turn.work.lock().is_some());
        alone.store(true, Relaxed);
        turn.help();
        assert!(turn.work.lock().is_none());
        assert_eq!(woken.0.load(Relaxed), 1);
        assert!(own.poll_unpin(&mut Context::from_waker(&own_waker)).is_ready());
    }

    #[tokio::test]
    async fn with_its_own_task_ends_the_loop_whoever_still_publishes() {
        let held = Arc::new(());
        let holds = held.clone();
        let work = async move {
            let _holds = holds;
            pending::<()>().await;
        };
        let (turn, mut own) = Turn::of(work, lone(true));
        assert!(own.poll_unpin(&mut Context::from_waker(&noop_waker())).is_pending());
        drop(own);
        assert_eq!(Arc::strong_count(&held), 1);
        turn.help();
    }
}
