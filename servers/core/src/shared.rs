//! What the copies of a state share, so that forking a world costs what changes afterwards and not what is there.
//!
//! [`Table`] and [`Index`] are for what grows: a copy shares all nodes, and a write copies the path to what it changes.
//! [`Shared`] is for what stays small: a copy shares the whole, and the first write copies the whole.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::{Deref, DerefMut, RangeBounds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use imbl::{OrdMap, OrdSet};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number for what a table holds. Each change gives it another one, which is never used again in this process: equal
/// versions mean equal contents, in whatever world. It is for comparing only, and no reply shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// One that was never used before.
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Version {
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    pub(crate) const fn of(number: u64) -> Self {
        Self(number)
    }
}

impl Default for Version {
    /// That of everything empty.
    fn default() -> Self {
        Self(0)
    }
}

/// An ordered map whose copies share what they have in common: copying it takes no longer than copying a pointer.
pub struct Table<K, V>(OrdMap<K, Arc<V>>, Version);

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// An empty one.
    pub fn new() -> Self {
        Self(OrdMap::new(), Version::default())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|value| &**value)
    }

    /// The value of a key, to be changed; one that a copy shares is copied first.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let value = self.0.get_mut(key)?;
        self.1 = Version::next();
        Some(Arc::make_mut(value))
    }

    /// Whether there is a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// Puts a value in, and gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.1 = Version::next();
        self.0.insert(key, Arc::new(value)).map(Arc::unwrap_or_clone)
    }

    /// Takes a value out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let gone = self.0.remove(key)?;
        self.1 = Version::next();
        Some(Arc::unwrap_or_clone(gone))
    }

    /// The entry with the lowest key.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.0.get_min().map(|(key, value)| (key, &**value))
    }

    /// The entry with the highest key.
    pub fn last(&self) -> Option<(&K, &V)> {
        self.0.get_max().map(|(key, value)| (key, &**value))
    }

    /// Takes out the entry with the lowest key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let key = self.0.get_min()?.0.clone();
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// All entries, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator + Clone {
        self.0.iter().map(|(key, value)| (key, &**value))
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + Clone {
        self.0.iter().map(|(key, _)| key)
    }

    /// All values, by key.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.0.iter().map(|(_, value)| &**value)
    }

    /// The entries whose keys lie in the range.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> impl DoubleEndedIterator<Item = (&K, &V)>
    where
        K: Borrow<Q>,
    {
        self.0.range(range).map(|(key, value)| (key, &**value))
    }

    /// Keeps what is wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&K, &V) -> bool) {
        let gone: Vec<K> = self.iter().filter(|(key, value)| !wanted(key, value)).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| drop(self.remove(key)));
    }

    /// Changes every value for which `wanted` holds; only these are copied where a copy shares them.
    pub fn change(&mut self, mut wanted: impl FnMut(&V) -> bool, mut change: impl FnMut(&mut V)) {
        let keys: Vec<K> = self.iter().filter(|(_, value)| wanted(value)).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            if let Some(value) = self.get_mut(key) {
                change(value);
            }
        }
    }

    /// Changes whenever the table may have changed.
    pub fn version(&self) -> Version {
        self.1
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.1 = Version::next();
        self.0.clear();
    }
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1)
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(OrdMap::default(), Version::default())
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key, Arc::new(value))).collect(), Version::next())
    }
}

impl<K: Ord + Clone, V: Clone> Extend<(K, V)> for Table<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

/// An ordered set whose copies share what they have in common.
pub struct Index<T>(OrdSet<T>, Version);

impl<T: Ord + Clone> Index<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self(OrdSet::new(), Version::default())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has this one.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains(item)
    }

    /// Puts one in; says whether it is new.
    pub fn insert(&mut self, item: T) -> bool {
        self.1 = Version::next();
        self.0.insert(item).is_none()
    }

    /// Takes one out; says whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let gone = self.0.remove(item).is_some();
        if gone {
            self.1 = Version::next();
        }
        gone
    }

    /// The lowest.
    pub fn first(&self) -> Option<&T> {
        self.0.get_min()
    }

    /// All, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        self.0.iter()
    }

    /// Those in the range.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> impl DoubleEndedIterator<Item = &T>
    where
        T: Borrow<Q>,
    {
        self.0.range(range)
    }

    /// Changes whenever the set may have changed.
    pub fn version(&self) -> Version {
        self.1
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.1 = Version::next();
        self.0.clear();
    }
}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1)
    }
}

impl<T: Ord> PartialEq for Index<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self(OrdSet::default(), Version::default())
    }
}

impl<T: Ord + fmt::Debug> fmt::Debug for Index<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter()).finish()
    }
}

impl<T: Ord + Clone> FromIterator<T> for Index<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect(), Version::next())
    }
}

impl<T: Ord + Clone> Extend<T> for Index<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

/// A value that copies share until one of them writes: it then gets a whole copy of its own.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

impl<T: JsonSchema> JsonSchema for Shared<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
