//! How many of something each of many may have at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// At most `most` places for each `K`. Whoever has none costs nothing.
#[derive(Debug)]
pub struct Crowd<K> {
    most: usize,
    places: Mutex<Places<K>>,
}

#[derive(Debug)]
struct Places<K> {
    taken: HashMap<K, Arc<Semaphore>>,
    /// With so many entries it is worth looking for empty ones.
    tidy_at: usize,
}

/// A place. It is free again when this is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// Below so many entries nobody looks for empty ones.
const FEW: usize = 64;

impl<K: Eq + Hash> Crowd<K> {
    /// At most `most` places for each.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { most, places: Mutex::new(Places { taken: HashMap::new(), tidy_at: FEW }) }
    }

    /// A place of `key`'s, unless all of them are taken.
    pub fn enter(&self, key: K) -> Option<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.taken.len() >= places.tidy_at {
            places.taken.retain(|_, places| places.available_permits() < self.most);
            // amortised: the next look comes when as many again were added
            places.tidy_at = (2 * places.taken.len()).max(FEW);
        }
        let own = places.taken.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.most)));
        Arc::clone(own).try_acquire_owned().ok().map(Place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many_places_and_a_place_that_is_left_is_free() {
        let crowd = Crowd::new(2);
        let (first, _second) = (crowd.enter("a").unwrap(), crowd.enter("a").unwrap());
        assert!(crowd.enter("a").is_none());
        assert!(crowd.enter("b").is_some(), "another has places of their own");
        drop(first);
        assert!(crowd.enter("a").is_some());
    }

    #[test]
    fn those_who_left_are_forgotten_and_those_who_stay_are_not() {
        let crowd = Crowd::new(1);
        let stays = crowd.enter(0);
        for key in 1..10_000 {
            assert!(crowd.enter(key).is_some());
        }
        assert!(crowd.places.lock().unwrap().taken.len() <= 2 * FEW);
        assert!(crowd.enter(0).is_none());
        drop(stays);
        assert!(crowd.enter(0).is_some());
    }
}
