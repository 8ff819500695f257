//! The contract of the store, one test for each of its sentences, run against every engine.
//!
//! A further engine is one further line at the end of this file: a name, and a function that opens a
//! fresh store for a clock. What only one engine promises stands in a file of its own beside the sentences.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod contract;
#[path = "shared/postgres_server.rs"]
mod postgres_server;
#[path = "shared/watch.rs"]
mod watch;

/// Makes a test of every sentence for one engine. A sentence that is missing here is reported by the
/// compiler as dead code.
macro_rules! contract_suite {
    ($engine:ident, $open:path) => {
        contract_suite! { $engine, $open,
            creating: [
                a_report_starts_queued_with_version_1,
                a_created_report_has_a_task_at_once,
                a_known_key_returns_the_first_report_and_writes_nothing,
                concurrent_creates_with_one_key_make_one_report,
                a_known_key_with_another_fingerprint_is_refused,
                a_key_stays_known_when_its_report_is_removed,
                an_unknown_report_is_not_found,
                an_id_is_not_used_twice,
                parameters_come_back_as_they_were,
                concurrent_creates_are_all_there,
                a_call_that_fails_does_not_disturb_its_neighbours,
            ]
            claiming: [
                claiming_moves_the_report_on,
                claiming_an_empty_queue_returns_nothing,
                the_oldest_due_task_comes_first,
                no_more_than_the_limit_is_claimed,
                two_concurrent_claimers_never_get_one_task,
                a_held_back_report_is_not_due,
                releasing_lets_a_held_back_report_begin_once,
                a_task_whose_lease_ran_out_is_due_again,
                renewing_extends_the_lease_from_now,
                renewing_without_news_changes_nothing,
                progress_is_a_new_version,
                a_frozen_worker_cannot_change_the_report,
                a_lease_that_ran_out_is_still_held_until_somebody_takes_it,
                a_made_up_token_is_refused,
            ]
            ending: [
                completing_stores_the_artifact_the_model_and_the_end,
                failing_stores_why,
                a_retry_is_due_at_its_time_and_counts,
                a_released_task_is_due_at_once_and_does_not_count,
                settling_twice_is_refused,
                cancelling_ends_the_work_and_its_claim,
                cancelling_keeps_an_end_that_is_there,
                cancelling_a_held_back_report_lets_go_of_it,
                retrying_starts_anew,
                only_a_failed_or_cancelled_report_can_be_retried,
                a_removed_report_is_gone_for_every_call,
                removing_is_idempotent_until_it_is_forgotten,
                removing_takes_the_claim_away,
                every_call_returns_what_is_read_back,
            ]
            delivering: [
                a_proof_of_the_end_is_noted,
                a_repeated_proof_writes_nothing,
                a_better_proof_replaces_a_weaker_one,
                a_proof_of_an_earlier_version_changes_nothing,
                a_proof_before_the_end_changes_nothing,
                a_proof_of_an_end_that_was_retried_changes_nothing,
                nobody_came_in_time,
                whoever_comes_late_can_still_prove_it,
                the_wait_begins_with_the_end_of_the_work,
            ]
            listing: [
                the_newest_stands_first,
                a_page_names_the_next_one,
                a_cursor_stays_valid_when_its_report_is_removed,
                filters_narrow_the_page,
                reports_of_every_status_stand_in_one_order,
                a_limit_outside_its_range_is_brought_into_it,
                a_removed_report_is_never_listed,
                a_cursor_that_is_not_ours_is_refused,
            ]
            messaging: [
                an_end_is_due_to_every_endpoint_that_asked_for_it,
                whatever_way_a_report_ends_it_is_told,
                a_message_tells_the_state_in_which_the_work_ended,
                a_message_has_one_holder_until_its_lease_runs_out,
                a_message_that_failed_is_due_at_its_time,
                no_lane_takes_more_than_its_share,
                lanes_take_turns,
                what_stands_behind_needless_messages_is_due_at_once,
                a_fallback_is_dropped_even_when_its_report_has_expired,
                an_answer_stands_in_the_deliveries,
                the_answer_of_the_callback_is_a_proof,
                a_fallback_is_dropped_when_somebody_knows,
                a_fallback_is_due_when_nobody_knows_in_time,
                a_removed_report_is_told_to_nobody,
                an_expired_report_is_told_all_the_same,
                a_second_end_is_another_event,
                a_hint_comes_with_a_message,
                a_receipt_that_convinces_nobody_is_noted_while_nobody_knows,
                the_oldest_attempts_are_forgotten_first,
                what_endpoints_were_told_is_forgotten_before_what_the_client_was_told,
            ]
            progressing: [
                progress_waits_as_one_message,
                an_end_takes_the_place_of_progress,
                progress_whose_sender_died_is_not_told_beside_newer,
            ]
            registering: [
                an_endpoint_is_asked_for_its_consent,
                an_endpoint_that_could_not_be_asked_is_asked_again,
                an_address_is_not_asked_for_consent,
                a_paused_endpoint_is_told_when_it_is_resumed,
                an_endpoint_that_is_gone_is_switched_off,
                what_was_on_its_way_to_an_endpoint_that_is_gone_is_not_sent_again,
                nothing_but_failure_for_120_hours_switches_it_off,
                one_success_counts_the_failures_anew,
                a_resumed_endpoint_begins_anew,
                both_secrets_are_valid_for_a_while,
                a_test_does_not_count,
                one_event_is_sent_again,
                all_that_failed_is_sent_again,
                the_log_has_every_attempt_the_newest_first,
                what_is_removed_leaves_nothing_behind,
                there_are_only_so_many,
                what_is_old_is_forgotten,
                what_still_waits_is_not_forgotten,
                an_unknown_endpoint_is_not_found,
            ]
            owning: [
                a_report_is_found_by_its_owner_alone,
                a_report_that_is_gone_is_gone_to_its_owner_alone,
                a_list_has_the_reports_of_one_owner,
                an_idempotency_key_is_one_for_each_owner,
                an_endpoint_is_told_of_its_owners_reports_alone,
                an_endpoint_is_its_owners_alone,
                owners_take_turns,
                who_comes_anew_is_next_and_has_saved_nothing_up,
                no_owner_has_more_under_way_than_one_may,
                no_owner_has_more_unfinished_reports_than_one_may,
            ]
            keying: [
                a_key_is_found_by_its_hash,
                a_hash_is_not_used_twice,
                a_revoked_key_stays_known_and_revoked,
                a_key_may_allow_nothing,
            ]
            sweeping: [
                a_finished_report_expires_when_its_time_is_over,
                the_end_of_the_work_counts_the_time_anew,
                an_unfinished_report_fails_before_it_expires,
                a_file_is_named_until_it_is_forgotten,
                the_file_of_a_living_report_cannot_be_forgotten,
                a_tombstone_is_forgotten_after_seven_days,
                a_tombstone_with_a_file_is_remembered,
                a_sweep_finishes_however_much_is_due,
                a_sweep_with_nothing_due_changes_nothing,
            ]
            hinting: [
                a_hint_comes_after_the_change_can_be_read,
                every_change_is_hinted,
                what_changes_nothing_is_not_hinted,
                work_that_is_due_is_hinted_and_other_changes_call_no_worker,
                an_end_makes_work_due_where_an_owner_may_have_only_so_much_under_way,
            ]
        }
    };
    ($engine:ident, $open:path, $($chapter:ident: [$($sentence:ident,)*])*) => {
        mod $engine {
            $(mod $chapter {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $sentence() {
                    use crate::contract::{$chapter, World};
                    $chapter::$sentence(World::new($open)).await;
                })*
            })*
        }
    };
}

contract_suite!(sqlite, crate::contract::sqlite::fresh);
contract_suite!(postgres, crate::contract::postgres::fresh);
