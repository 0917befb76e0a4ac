//! The same, under a model: every lock is taken through one of shuttle's, and every counter and bell first asks
//! shuttle who goes on. All threads of a model run on one thread of the machine, one at a time.

use shuttle::sync as model;
use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::atomic::{self, Ordering},
};

/// A lock; under a model one that shuttle hands over.
#[derive(Default)]
pub(crate) struct Mutex<T> {
    gate: Gate,
    inside: parking_lot::Mutex<T>,
}

/// A lock for many who look and one who changes.
pub(crate) struct RwLock<T> {
    gate: model::RwLock<()>,
    inside: parking_lot::RwLock<T>,
}

/// What a lock guards. The inner lock is given back before the model's: nobody else can be let in between.
pub(crate) struct Guard<G, M> {
    inside: G,
    _gate: Option<M>,
}

pub(crate) type MutexGuard<'a, T> = Guard<parking_lot::MutexGuard<'a, T>, model::MutexGuard<'a, ()>>;
type ReadGuard<'a, T> = Guard<parking_lot::RwLockReadGuard<'a, T>, model::RwLockReadGuard<'a, ()>>;
type WriteGuard<'a, T> = Guard<parking_lot::RwLockWriteGuard<'a, T>, model::RwLockWriteGuard<'a, ()>>;

struct Gate(model::Mutex<()>);

impl Default for Gate {
    fn default() -> Self {
        Self(model::Mutex::new(()))
    }
}

/// Whether a model runs this thread.
fn modelled() -> bool {
    shuttle::current::try_get_current_task().is_some()
}

/// Somebody else may go first.
fn point() {
    if modelled() {
        model::atomic::AtomicBool::new(false).load(Ordering::SeqCst);
    }
}

impl<T> Mutex<T> {
    pub(crate) fn new(inside: T) -> Self {
        Self { gate: Gate::default(), inside: parking_lot::Mutex::new(inside) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let gate = modelled().then(|| self.gate.0.lock().expect("a model ends at its first panic"));
        Guard { inside: self.inside.lock(), _gate: gate }
    }
}

impl<T> Mutex<T> {
    pub(crate) fn is_locked(&self) -> bool {
        self.inside.is_locked()
    }
}

impl<T> MutexGuard<'_, T> {
    pub(crate) fn unlock_fair(guard: Self) {
        drop(guard);
    }
}

impl<T> RwLock<T> {
    pub(crate) fn new(inside: T) -> Self {
        Self { gate: model::RwLock::new(()), inside: parking_lot::RwLock::new(inside) }
    }

    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        let gate = modelled().then(|| self.gate.read().expect("a model ends at its first panic"));
        Guard { inside: self.inside.read(), _gate: gate }
    }

    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        let gate = modelled().then(|| self.gate.write().expect("a model ends at its first panic"));
        Guard { inside: self.inside.write(), _gate: gate }
    }
}

impl<G: Deref, M> Deref for Guard<G, M> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.inside
    }
}

impl<G: DerefMut, M> DerefMut for Guard<G, M> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.inside
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inside.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inside.fmt(f)
    }
}

/// Counters, with a point before each use. A model sees them in one order, as `SeqCst` would have it.
macro_rules! counters {
    ($($name:ident: $value:ty { $($method:ident($($argument:ident: $type:ty),*) -> $result:ty;)* })*) => {$(
        #[derive(Debug, Default)]
        pub(crate) struct $name(atomic::$name);

        impl $name {
            #[allow(dead_code, reason = "one list serves all counters")]
            pub(crate) const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            $(pub(crate) fn $method(&self, $($argument: $type,)* order: Ordering) -> $result {
                point();
                self.0.$method($($argument,)* order)
            })*
        }
    )*};
}

counters! {
    AtomicBool: bool { store(value: bool) -> (); swap(value: bool) -> bool; }
    AtomicU64: u64 { load() -> u64; store(value: u64) -> (); fetch_add(value: u64) -> u64; }
    AtomicUsize: usize { load() -> usize; fetch_add(value: usize) -> usize; fetch_sub(value: usize) -> usize; }
}

/// A bell.
#[derive(Debug, Default)]
pub(crate) struct Notify(tokio::sync::Notify);

impl Notify {
    pub(crate) fn notify_one(&self) {
        point();
        self.0.notify_one();
    }

    pub(crate) async fn notified(&self) {
        point();
        self.0.notified().await;
    }
}
