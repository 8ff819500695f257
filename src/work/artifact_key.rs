//! The key of the file of an attempt: `c3-01939e2c-…-c3-<token>.pdf`, beginning with the last two digits of the id.
//!
//! Ids grow with time. A bucket divides its keys among machines by how they begin, so that without those two digits one
//! machine would have to take every new file.

use uuid::Uuid;

use crate::report::ReportId;

/// How long an id is as text.
const ID: usize = 36;

/// The key of the file that this attempt makes. It has the id, so that a file without a record can be told, and the token
/// makes it this attempt's alone.
pub fn of_attempt(report: ReportId, token: Uuid) -> String {
    format!("{}{}.pdf", of_report(report), token.simple())
}

/// How the keys of all files begin that were made for this report.
pub fn of_report(report: ReportId) -> String {
    let id = report.to_string();
    format!("{}-{id}-", &id[ID - 2..])
}

/// The report that a file was made for, if it is one of ours: earlier ones begin with the id itself.
pub fn report_of(key: &str) -> Option<ReportId> {
    let id = |from: usize| key.get(from..from + ID)?.parse().ok();
    id(3).filter(|id| key.starts_with(&of_report(*id))).or_else(|| id(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_report_and_nothing_else_does() {
        let report = ReportId::generate();
        let key = of_attempt(report, Uuid::new_v4());
        assert!(key.starts_with(&of_report(report)));
        assert_eq!(report_of(&key), Some(report));
        assert_eq!(report_of(&format!("{report}-1.pdf")), Some(report));
        for other in ["", "notes.txt", &key[1..], &format!("xx-{report}-1.pdf")] {
            assert_eq!(report_of(other), None, "{other}");
        }
    }

    #[test]
    fn files_of_one_moment_begin_in_many_ways() {
        let names: std::collections::HashSet<_> =
            (0..1_000).map(|_| of_report(ReportId::generate())[..2].to_owned()).collect();
        assert!(names.len() > 200, "{}", names.len());
    }
}
