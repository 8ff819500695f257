//! What one endpoint that never answers costs the others.

use super::{
    figure::{Figure, median},
    outbox, receiver,
};

pub(crate) const WORKLOAD: &str = "8,000 messages to an endpoint that answers, alone, and then beside 8,000 to one that takes connections and \
     never answers and has all its attempts under way; 11 pairs of rounds, the order turned each time; the share of the rate that is lost, median of the pairs";

const MESSAGES: u64 = 8_000;
const PAIRS: usize = 11;

pub(crate) fn measure() -> Vec<Figure> {
    let (thankful, silent) = (receiver::thankful(), receiver::silent());
    let (mut alone, mut beside, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let mut rates = [0.0; 2];
        // what comes second finds another machine than what came first
        for turn in [pair % 2, 1 - pair % 2] {
            let beside: &[&str] = if turn == 0 { &[] } else { &[&silent] };
            rates[turn] = outbox::rate(MESSAGES, &thankful, beside);
        }
        alone.push(rates[0]);
        beside.push(rates[1]);
        lost.push(100.0 * (1.0 - rates[1] / rates[0]));
    }
    vec![
        Figure::new("webhooks to an endpoint that is alone", median(&mut alone), "/s"),
        Figure::new("webhooks to it beside one that never answers", median(&mut beside), "/s"),
        Figure::new("what is lost by that", median(&mut lost), "%").at_most(5.0),
    ]
}
