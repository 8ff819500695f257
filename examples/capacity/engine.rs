//! A clock that jumps from event to event, and pools of servers that work is queued for.
//!
//! Time is in microseconds. What happens at the same moment happens in the order in which it was asked for, so a run is
//! the same each time.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
};

/// What is done next.
type Then<P> = Box<dyn FnOnce(&mut Engine<P>)>;

/// Which pool of servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pool(usize);

/// A run, with the plant that it is a run of.
pub(crate) struct Engine<P> {
    pub(crate) plant: P,
    now: f64,
    order: u64,
    events: BinaryHeap<Event<P>>,
    pools: Vec<Servers<P>>,
}

struct Event<P> {
    at: f64,
    order: u64,
    then: Then<P>,
}

/// As many servers as there are work for one line of customers.
struct Servers<P> {
    free: usize,
    line: VecDeque<(f64, Then<P>)>,
    worked: f64,
}

impl<P: 'static> Engine<P> {
    pub(crate) fn new(plant: P) -> Self {
        Self { plant, now: 0.0, order: 0, events: BinaryHeap::new(), pools: Vec::new() }
    }

    /// So many servers, with one line before all of them.
    pub(crate) fn pool(&mut self, servers: usize) -> Pool {
        self.pools.push(Servers { free: servers, line: VecDeque::new(), worked: 0.0 });
        Pool(self.pools.len() - 1)
    }

    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    /// How long the servers of the pool have worked, all together.
    pub(crate) fn worked(&self, pool: Pool) -> f64 {
        self.pools[pool.0].worked
    }

    /// Does something after a while.
    pub(crate) fn after(&mut self, wait: f64, then: impl FnOnce(&mut Self) + 'static) {
        self.order += 1;
        self.events.push(Event { at: self.now + wait, order: self.order, then: Box::new(then) });
    }

    /// Has a server of the pool work for so long, once one is free, and does something then.
    pub(crate) fn work(&mut self, pool: Pool, time: f64, then: impl FnOnce(&mut Self) + 'static) {
        let servers = &mut self.pools[pool.0];
        if servers.free == 0 {
            servers.line.push_back((time, Box::new(then)));
        } else {
            servers.free -= 1;
            self.serve(pool, time, Box::new(then));
        }
    }

    fn serve(&mut self, pool: Pool, time: f64, then: Then<P>) {
        self.pools[pool.0].worked += time;
        self.after(time, move |engine| {
            match engine.pools[pool.0].line.pop_front() {
                Some((time, next)) => engine.serve(pool, time, next),
                None => engine.pools[pool.0].free += 1,
            }
            then(engine);
        });
    }

    /// Lets everything happen that happens by then.
    pub(crate) fn run(&mut self, until: f64) {
        while self.events.peek().is_some_and(|event| event.at <= until)
            && let Some(event) = self.events.pop()
        {
            self.now = event.at;
            (event.then)(self);
        }
        self.now = until;
    }
}

impl<P> PartialEq for Event<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<P> Eq for Event<P> {}

impl<P> PartialOrd for Event<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> Ord for Event<P> {
    /// The earliest is the greatest: it is what the heap gives first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then(other.order.cmp(&self.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_waits_for_a_free_server_and_is_done_in_its_order() {
        let mut engine = Engine::new(Vec::new());
        let pool = engine.pool(2);
        for (name, time) in [("a", 10.0), ("b", 4.0), ("c", 3.0), ("d", 1.0)] {
            engine.work(pool, time, move |engine| {
                let now = engine.now();
                engine.plant.push((name, now));
            });
        }
        engine.run(100.0);
        assert_eq!(engine.plant, [("b", 4.0), ("c", 7.0), ("d", 8.0), ("a", 10.0)]);
        assert_eq!(engine.worked(pool), 18.0);
    }

    #[test]
    fn what_is_later_than_the_end_does_not_happen() {
        let mut engine = Engine::new(0);
        for wait in [1.0, 5.0, 9.0] {
            engine.after(wait, |engine| engine.plant += 1);
        }
        engine.run(5.0);
        assert_eq!((engine.plant, engine.now()), (2, 5.0));
    }
}
