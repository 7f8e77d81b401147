//! Values that tell who has read them when they change, on Leptos' reactive graph. Knows no elements.
//!
//! They are used as Leptos' own `RwSignal`, `Memo` and `StoredValue` are. Those are compiled anew for each type of value
//! though, a seventh of what a visitor would download; of these only the last step, from any type to the one that is
//! meant, is.

use std::{any::Any, cell::RefCell, marker::PhantomData, rc::Rc};

use reactive_graph::{
    computed::ArcMemo,
    effect::RenderEffect,
    graph::ReactiveNode,
    owner::{ArenaItem, LocalStorage},
    signal::ArcTrigger,
    traits::{Notify, Track},
};
pub(crate) use reactive_graph::{
    graph::untrack,
    owner::{Owner, expect_context, on_cleanup, provide_context},
};
use send_wrapper::SendWrapper;

/// A value of any type, and how it comes to change.
#[derive(Clone)]
struct Node {
    /// A `RefCell<Option<T>>`; nothing is in it only before a memo's first computation.
    value: Rc<dyn Any>,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Untold,
    Set(ArcTrigger),
    Computed(ArcMemo<()>),
}

impl Node {
    /// Brings the value up to date, and where `track` says so tells whatever runs now when it changes.
    fn refresh(&self, track: bool) {
        match &self.source {
            Source::Untold => {}
            Source::Set(trigger) if track => trigger.track(),
            Source::Set(_) => {}
            Source::Computed(memo) => {
                if track {
                    memo.track();
                }
                memo.update_if_necessary();
            }
        }
    }

    fn notify(&self) {
        if let Source::Set(trigger) = &self.source {
            trigger.notify();
        }
    }
}

/// A value that lives as long as its owner. A handle: copies mean the same value.
pub(crate) struct Stored<T> {
    node: ArenaItem<Node, LocalStorage>,
    of: PhantomData<fn() -> T>,
}

impl<T> Copy for Stored<T> {}

impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Stored<T> {
    /// Stores `value` with the current owner.
    pub(crate) fn new(value: T) -> Self {
        Self::of(Rc::new(RefCell::new(Some(value))), Source::Untold)
    }

    fn of(value: Rc<dyn Any>, source: Source) -> Self {
        Self { node: ArenaItem::new_local(Node { value, source }), of: PhantomData }
    }

    /// Reads the value. Whoever does this must be gone before its owner is.
    pub(crate) fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.try_with(read).unwrap_or_else(|| unreachable!("its owner is gone"))
    }

    /// Reads the value, where its owner is still there.
    pub(crate) fn try_with<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.read(false, read)
    }

    fn read<R>(self, track: bool, read: impl FnOnce(&T) -> R) -> Option<R> {
        let node = self.node.try_get_value()?;
        node.refresh(track);
        let value = node.value.downcast_ref::<RefCell<Option<T>>>()?.borrow();
        value.as_ref().map(read)
    }

    /// Changes the value, where its owner is still there.
    pub(crate) fn update<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let node = self.node.try_get_value()?;
        let changed = {
            let mut value = node.value.downcast_ref::<RefCell<Option<T>>>()?.borrow_mut();
            value.as_mut().map(change)
        };
        node.notify();
        changed
    }

    /// Another value from now on.
    pub(crate) fn set(self, value: T) {
        self.update(|old| *old = value);
    }

    /// A copy of the value.
    pub(crate) fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }
}

/// A value that is set: whatever has read it runs again.
pub(crate) struct RwSignal<T>(Stored<T>);

impl<T> Copy for RwSignal<T> {}

impl<T> Clone for RwSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> RwSignal<T> {
    /// A signal of the current owner.
    pub(crate) fn new(value: T) -> Self {
        let source = Source::Set(ArcTrigger::new());
        Self(Stored::of(Rc::new(RefCell::new(Some(value))), source))
    }

    /// Changes the value and tells.
    pub(crate) fn update(self, change: impl FnOnce(&mut T)) {
        self.0.update(change);
    }

    /// Sets the value and tells. Where the owner is gone, nobody is there to be told.
    pub(crate) fn set(self, value: T) {
        self.0.set(value);
    }

    /// Whatever runs now runs again when the value is set.
    pub(crate) fn track(self) {
        self.with(|_| ());
    }

    /// A copy of the value as it is now.
    pub(crate) fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.0.get()
    }
}

/// A value that is computed from others, when it is read after one of them has changed.
pub(crate) struct Memo<T>(Stored<T>);

impl<T> Copy for Memo<T> {}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: PartialEq + 'static> Memo<T> {
    /// A memo of the current owner. Whatever has read it runs again when `compute` comes to another value.
    pub(crate) fn new(compute: impl Fn() -> T + 'static) -> Self {
        Self::boxed(Box::new(compute))
    }

    /// The same, compiled once for each type of value.
    pub(crate) fn boxed(compute: Box<dyn Fn() -> T>) -> Self {
        let value = Rc::new(RefCell::new(None));
        let known = Rc::clone(&value);
        let refresh = move || {
            let new = Some(compute());
            let changed = *known.borrow() != new;
            if changed {
                known.replace(new);
            }
            changed
        };
        Self(Stored::of(value, computed(Box::new(refresh))))
    }
}

/// `refresh` computes the value anew and says whether it is another one.
fn computed(refresh: Box<dyn Fn() -> bool>) -> Source {
    let refresh = SendWrapper::new(refresh);
    Source::Computed(ArcMemo::new_owning(move |_| ((), refresh())))
}

macro_rules! tracked {
    ($($type:ident)*) => {
        $(impl<T: 'static> $type<T> {
            /// Reads the value; whatever runs now runs again when it changes.
            pub(crate) fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
                self.0.read(true, read).unwrap_or_else(|| unreachable!("its owner is gone"))
            }

            /// A copy of the value, as `with`.
            pub(crate) fn get(self) -> T
            where
                T: Clone,
            {
                self.with(T::clone)
            }
        })*
    };
}

tracked!(RwSignal Memo);

/// Runs `effect` now and whenever a value that it has read changes, for as long as the current owner lives.
pub(crate) fn watch(effect: impl FnMut() + 'static) {
    watch_boxed(Box::new(effect));
}

fn watch_boxed(mut effect: Box<dyn FnMut()>) {
    Stored::new(RenderEffect::new(move |_| effect()));
}
