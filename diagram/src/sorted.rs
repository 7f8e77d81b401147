//! Maps and sets in the order of their keys, each one deque. Knows no facts.
//!
//! What the diagram keeps is found by numbers that ascend: new ones come last, and old ones go first. There a deque is as
//! quick as a tree or a table of hashes, and a tenth of the code that each of those has for each type of key.

use std::{borrow::Borrow, collections::VecDeque};

/// A map in the order of its keys.
#[derive(Clone, Debug)]
pub struct Sorted<K, V> {
    entries: VecDeque<(K, V)>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { entries: VecDeque::new() }
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// Where `key` is, or would be.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        match self.entries.back() {
            // What is new comes last.
            Some((last, _)) if last.borrow() < key => Err(self.entries.len()),
            _ => self.entries.binary_search_by(|(other, _)| other.borrow().cmp(key)),
        }
    }

    /// The value of `key`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }

    /// The value of `key`, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Gives `key` a value, and returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let place = match self.place(&key) {
            Ok(at) => return Some(std::mem::replace(&mut self.entries[at].1, value)),
            Err(place) => place,
        };
        // The deque's own insertion is five times the code.
        self.entries.push_back((key, value));
        for at in (place + 1..self.entries.len()).rev() {
            self.entries.swap(at - 1, at);
        }
        None
    }

    /// Takes out the value of `key`.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        // What is old stands near the front, and what is being changed near the back: the shorter side is moved.
        let removed = if place < self.entries.len() / 2 {
            for at in (0..place).rev() {
                self.entries.swap(at, at + 1);
            }
            self.entries.pop_front()
        } else {
            for at in place + 1..self.entries.len() {
                self.entries.swap(at - 1, at);
            }
            self.entries.pop_back()
        };
        removed.map(|(_, value)| value)
    }

    /// Keeps only what `keep` says so of.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut V) -> bool) {
        self.entries.retain_mut(|(_, value)| keep(value));
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The keys with their values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys with their values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl<K, V> IntoIterator for Sorted<K, V> {
    type Item = (K, V);
    type IntoIter = std::collections::vec_deque::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// A set in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set<K>(Vec<K>);

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord> Set<K> {
    /// Adds `key`, where it is not there.
    pub fn insert(&mut self, key: K) {
        if let Err(place) = self.0.binary_search(&key) {
            self.0.insert(place, key);
        }
    }

    /// Takes out `key`.
    pub fn remove(&mut self, key: &K) {
        if let Ok(at) = self.0.binary_search(key) {
            self.0.remove(at);
        }
    }

    /// Keeps only what `keep` says so of.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.0.retain(keep);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K> std::ops::Deref for Set<K> {
    type Target = [K];

    fn deref(&self) -> &[K] {
        &self.0
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for Set<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K: Ord> Extend<K> for Set<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        keys.into_iter().for_each(|key| self.insert(key));
    }
}

impl<K: Ord> FromIterator<K> for Set<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::default();
        set.extend(keys);
        set
    }
}

impl<K> IntoIterator for Set<K> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn they_are_as_the_standard_library_s(steps in vec((any::<u8>(), any::<bool>()), 0..200)) {
            let (mut map, mut set) = (Sorted::default(), Set::default());
            let (mut as_map, mut as_set) = (BTreeMap::new(), BTreeSet::new());
            for (at, (key, comes)) in steps.into_iter().enumerate() {
                if comes {
                    prop_assert_eq!(map.insert(key, at), as_map.insert(key, at));
                    set.insert(key);
                    as_set.insert(key);
                } else {
                    prop_assert_eq!(map.remove(&key), as_map.remove(&key));
                    set.remove(&key);
                    as_set.remove(&key);
                }
                prop_assert_eq!(map.get(&key), as_map.get(&key));
                prop_assert!(map.keys().eq(as_map.keys()) && map.values().eq(as_map.values()));
                prop_assert!(set.iter().eq(as_set.iter()));
            }
        }
    }
}
