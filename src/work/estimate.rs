//! How long it will take: what a client that polls is told, so that it asks once and not every second.
//!
//! It stands with the work because it learns from it: how long each report type took, the latest counting most.
//! Nothing depends on it but the number of requests; how wrong it was is a metric.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    metrics::Metrics,
    report::{Record, ReportId, Status},
};

/// What is assumed of the very first report, in seconds.
const UNKNOWN: f64 = 1.0;

/// How much the newest report counts against all before it.
const NEWEST: f64 = 0.25;

/// How many predictions are kept until their reports end. Beyond that those of the oldest reports are forgotten.
const KEPT: usize = 10_000;

/// Predicts when reports will end.
#[derive(Debug)]
pub struct Estimator {
    workers: AtomicUsize,
    metrics: Arc<Metrics>,
    learned: Mutex<Learned>,
}

#[derive(Debug, Default)]
struct Learned {
    // seconds from the start of the work to its end
    types: HashMap<String, f64>,
    any: Option<f64>,
    // the last that a client was told; ids sort by age
    predictions: BTreeMap<ReportId, Timestamp>,
}

impl Estimator {
    /// One that knows nothing yet, of work that is done by so many `workers` at once.
    pub fn new(workers: usize, metrics: Arc<Metrics>) -> Self {
        Self { workers: AtomicUsize::new(workers), metrics, learned: Mutex::default() }
    }

    /// The work is done by so many workers at once, from now on.
    pub fn shared_by(&self, workers: usize) {
        self.workers.store(workers, Ordering::Relaxed);
    }

    /// How long from `now` until the work on `record` ends, with `ahead` others before it in the queue. Of a
    /// report that is held back: how long if its client came now.
    pub fn predict(&self, record: &Record, ahead: usize, now: Timestamp) -> Duration {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let usual = learned.types.get(&record.report_type).copied().or(learned.any).unwrap_or(UNKNOWN);
        let left = match record.started_at.filter(|_| record.status == Status::Generating) {
            Some(started) => usual - seconds(started, now),
            None => {
                // those ahead may be of any type
                let each = learned.any.unwrap_or(UNKNOWN);
                let workers = u32::try_from(self.workers.load(Ordering::Relaxed)).map_or(f64::MAX, f64::from);
                usual + each * u32::try_from(ahead).map_or(f64::MAX, f64::from) / workers.max(1.0)
            }
        };
        let left = Duration::try_from_secs_f64(left.max(0.0)).unwrap_or(Duration::MAX);
        let end = SignedDuration::try_from(left).ok().and_then(|left| now.checked_add(left).ok());
        // when a report that is held back ends is its client's affair
        if let Some(end) = end.filter(|_| !record.held) {
            learned.predictions.insert(record.id, end);
            if learned.predictions.len() > KEPT {
                learned.predictions.pop_first();
            }
        }
        left
    }

    /// A worker of ours ended the report.
    pub fn ended(&self, record: &Record) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.take_in(record);
        self.weigh(&mut learned, record);
        self.metrics.ended(record.status);
    }

    /// Somebody saw the report. If it has ended and nobody told us, another's worker did it.
    pub fn seen(&self, record: &Record) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if record.status.is_terminal() && learned.predictions.contains_key(&record.id) {
            learned.take_in(record);
            self.weigh(&mut learned, record);
        }
    }

    /// Holds what was predicted against what came.
    fn weigh(&self, learned: &mut Learned, record: &Record) {
        let predicted = learned.predictions.remove(&record.id);
        // a client that cancels is no error of ours
        let worked = matches!(record.status, Status::Completed | Status::Failed);
        if let (Some(predicted), Some(end), true) = (predicted, record.completed_at, worked) {
            self.metrics.missed_by(seconds(predicted, end));
        }
    }
}

impl Learned {
    /// Only what was completed: a failure may be quick, and says nothing about how long the work takes.
    fn take_in(&mut self, record: &Record) {
        let (Status::Completed, Some(started), Some(end)) =
            (record.status, record.started_at, record.completed_at)
        else {
            return;
        };
        let took = seconds(started, end).max(0.0);
        let mix = |mean: &mut f64| *mean += NEWEST * (took - *mean);
        self.types.entry(record.report_type.clone()).and_modify(mix).or_insert(took);
        mix(self.any.get_or_insert(took));
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Deliver, Delivery, Owner, Parameters, StartWhen};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn queued(report_type: &str) -> Record {
        Record {
            id: ReportId::generate(),
            owner: Owner::anonymous(),
            version: 1,
            status: Status::Queued,
            report_type: report_type.into(),
            parameters: Parameters::new(),
            deliver: Deliver::default(),
            callback_url: None,
            start_when: StartWhen::Now,
            held: false,
            origin: String::new(),
            progress: None,
            created_at: at(0),
            started_at: None,
            completed_at: None,
            expires_at: at(3600),
            delivery: Delivery::waiting(),
            deliveries: Vec::new(),
            settled_version: None,
            artifact: None,
            error: None,
        }
    }

    fn generating(record: &Record, since: i64) -> Record {
        Record { status: Status::Generating, started_at: Some(at(since)), ..record.clone() }
    }

    fn ended(record: &Record, status: Status, started: i64, end: i64) -> Record {
        Record { status, started_at: Some(at(started)), completed_at: Some(at(end)), ..record.clone() }
    }

    #[test]
    fn a_type_is_expected_to_take_what_it_took_the_latest_counting_most() {
        let estimator = Estimator::new(2, Arc::default());
        let left = |record: &Record, ahead, now| estimator.predict(record, ahead, at(now)).as_secs_f64();
        let (slow, quick, other) = (queued("SLOW"), queued("QUICK"), queued("OTHER"));
        assert_eq!(left(&slow, 0, 0), UNKNOWN);
        estimator.ended(&ended(&slow, Status::Completed, 0, 40));
        assert_eq!(left(&slow, 0, 0), 40.0);
        assert_eq!(left(&other, 0, 0), 40.0, "a type that is new takes what any took");
        estimator.ended(&ended(&quick, Status::Completed, 0, 4));
        assert_eq!((left(&slow, 0, 0), left(&quick, 0, 0), left(&other, 0, 0)), (40.0, 4.0, 31.0));
        estimator.ended(&ended(&slow, Status::Completed, 0, 20));
        assert_eq!(left(&slow, 0, 0), 35.0);
        // failures and cancellations teach nothing
        estimator.ended(&ended(&slow, Status::Failed, 0, 1));
        estimator.ended(&ended(&slow, Status::Cancelled, 0, 1));
        assert_eq!(left(&slow, 0, 0), 35.0);
    }

    #[test]
    fn the_queue_is_added_and_the_time_that_passed_is_taken_off() {
        let estimator = Estimator::new(2, Arc::default());
        let left = |record: &Record, ahead, now| estimator.predict(record, ahead, at(now)).as_secs_f64();
        let slow = queued("SLOW");
        estimator.ended(&ended(&slow, Status::Completed, 0, 40));
        assert_eq!(left(&slow, 3, 0), 40.0 + 3.0 * 40.0 / 2.0);
        let started = generating(&slow, 10);
        assert_eq!((left(&started, 0, 10), left(&started, 0, 35), left(&started, 0, 90)), (40.0, 15.0, 0.0));
    }

    #[test]
    fn the_last_prediction_is_held_against_the_end_once() {
        let metrics = Arc::new(Metrics::default());
        let estimator = Estimator::new(1, Arc::clone(&metrics));
        let count = |direction: &str| {
            let line = format!("reportwire_estimate_error_seconds_sum{{direction=\"{direction}\"}} ");
            let text = metrics.text().unwrap();
            text.lines().find_map(|found| found.strip_prefix(&line)?.parse::<f64>().ok())
        };
        let report = queued("ANY");
        estimator.predict(&report, 50, at(0));
        estimator.predict(&report, 0, at(0));
        estimator.ended(&ended(&report, Status::Completed, 0, 4));
        estimator.seen(&ended(&report, Status::Completed, 0, 4));
        assert_eq!((count("late"), count("early")), (Some(3.0), None));
        estimator.predict(&report, 0, at(0));
        estimator.seen(&generating(&report, 0));
        estimator.seen(&ended(&report, Status::Failed, 0, 1));
        assert_eq!((count("late"), count("early")), (Some(3.0), Some(3.0)));
        for report in [Record { held: true, ..queued("ANY") }, queued("ANY")] {
            estimator.predict(&report, 0, at(0));
            let end = if report.held { Status::Completed } else { Status::Cancelled };
            estimator.ended(&ended(&report, end, 0, 100));
        }
        assert_eq!((count("late"), count("early")), (Some(3.0), Some(3.0)), "neither was promised anything");
    }

    #[test]
    fn predictions_that_nobody_holds_against_anything_are_forgotten() {
        let estimator = Estimator::new(1, Arc::default());
        for _ in 0..KEPT + 5 {
            estimator.predict(&queued("ANY"), 0, at(0));
        }
        assert_eq!(estimator.learned.lock().unwrap().predictions.len(), KEPT);
    }
}
