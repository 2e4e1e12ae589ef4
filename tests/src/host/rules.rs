//! The rules of the emulation by name. Each has a probe of the same name in `tests/probes/`, which runs here and in a real
//! Envoy with the same expectations.

/// Every rule: name of its probe, and what it says.
pub const RULES: &[(&str, &str)] = &[
    ("callbacks_run_in_envoys_order", "an exchange ends with log, done, delete, in this order"),
    (
        "a_head_alone_ends_the_message",
        "a message without a body ends with its head, and no body callback runs",
    ),
    ("a_body_ends_with_an_empty_part", "in HTTP/1 the last body callback is empty and carries the end"),
    (
        "trailers_hide_the_end_of_a_body",
        "with trailers no body callback carries the end; the trailers callback is the end",
    ),
    (
        "a_released_request_head_is_closed",
        "once the request head went on, reading one of its values is a bad argument",
    ),
    ("the_pairs_of_a_closed_map_are_nothing", "all pairs of a closed map are an empty list, not an error"),
    ("a_closed_map_cannot_be_changed", "adding to the reply head in the request phase is a bad argument"),
    (
        "heads_are_readable_in_the_log",
        "in the log both heads and the reply trailers can be read again, the request trailers cannot",
    ),
    (
        "heads_cannot_be_changed_in_the_log",
        "changing a head in the log is a bad argument; the client has its reply already",
    ),
    (
        "a_repeated_header_shows_its_first_value",
        "one value is asked: the first is given; the property joins all with commas",
    ),
    ("replacing_a_header_removes_its_copies", "replacing leaves one header, removing none, adding appends"),
    (
        "some_headers_exist_only_once",
        "copies of headers that the host keeps in a slot are joined with a comma before the filter sees them; cookies are not",
    ),
    ("reading_a_body_is_clamped", "a read past the end gives what there is, or nothing"),
    ("there_is_no_body_outside_its_callback", "outside a body callback the buffer is not found"),
    (
        "a_prefix_of_a_body_can_be_replaced",
        "writing at 0 replaces so many bytes from the start, none of them inserts",
    ),
    ("a_body_can_be_appended_to", "writing at or past the end appends, also to the empty last part"),
    (
        "the_middle_of_a_body_cannot_be_written",
        "a write that starts inside is a bad argument; after the head went out the reply is cut",
    ),
    ("a_body_cannot_be_written_outside_its_callback", "outside a body callback a write is a bad argument"),
    (
        "a_paused_body_accumulates",
        "after Pause the size counts everything since the last Continue, after Continue the new part only",
    ),
    ("a_paused_reply_accumulates", "the same holds for replies, and a rewrite covers all that was held"),
    ("trailers_release_a_paused_body", "a body that is paused when trailers come goes on with them"),
    (
        "a_held_request_over_the_limit_is_413",
        "buffering more of a request than the limit makes the host reply 413, through the response callbacks",
    ),
    (
        "a_request_over_the_limit_is_413_even_if_it_continues",
        "the part that exceeds the limit is still shown, but Continue comes too late",
    ),
    (
        "a_held_reply_over_the_limit_is_cut",
        "buffering more of a reply than the limit after its head went out cuts the reply",
    ),
    (
        "a_held_reply_with_its_head_over_the_limit_is_500",
        "buffering more of a reply than the limit while its head is held gives 500",
    ),
    (
        "pausing_a_head_stops_everything_by_default",
        "by default a paused request head keeps the body away from the filter",
    ),
    (
        "a_resumed_stream_gets_its_body_at_once",
        "after a resume the held body comes to the filter in one part",
    ),
    (
        "a_head_can_be_held_while_the_body_is_read",
        "where allowed, a paused request head stays open while body callbacks run, and goes on with the body",
    ),
    ("a_head_once_held_stays_readable", "a request head that was held stays readable after it went on"),
    ("trailers_release_a_held_head", "a held request head goes on when the trailers callback continues"),
    (
        "a_reply_from_a_held_body_spares_the_upstream",
        "a reply from the body callback while the head is held never reaches the upstream",
    ),
    (
        "a_reply_from_the_request_phase_comes_back",
        "a reply from the request phase runs through the response callbacks, which may change it",
    ),
    (
        "a_reply_keeps_its_content_type",
        "a content type that the filter gives is kept; an empty reply has neither type nor length",
    ),
    ("a_reply_to_head_has_no_body", "a reply to HEAD ends with its head and keeps its length"),
    (
        "a_reply_after_the_head_went_on_resets_the_upstream",
        "a reply from the request body when the head went on: the upstream saw it and is cut off",
    ),
    (
        "a_reply_from_the_response_phase_does_not_come_back",
        "a reply from the response head replaces it without further callbacks",
    ),
    (
        "a_reply_from_a_held_response_replaces_it",
        "a reply from the response body while its head is held replaces head and body",
    ),
    ("a_reply_after_the_response_began_cuts_it", "a reply when the response head went out cuts the stream"),
    ("a_second_reply_is_ignored", "only the first reply of an exchange counts"),
    (
        "a_reply_stops_the_message_whatever_is_returned",
        "after a reply the request goes no further although the callback continues",
    ),
    ("a_trap_fails_closed", "by default a trap gives 503, and so does every later request of the worker"),
    (
        "a_trap_fails_open",
        "under the open policy the request at hand fails, and later ones pass without the filter",
    ),
    (
        "a_trap_in_a_reply_fails_the_exchange",
        "a trap in the response head callback gives 503 under the open policy too",
    ),
    ("closing_a_request_cuts_it", "close_stream in the request phase cuts the exchange"),
    (
        "a_held_reply_head_can_be_changed_late",
        "where allowed, a reply head that is held stays open in the body callbacks",
    ),
    ("a_held_head_without_a_body_waits", "a head that is paused and has no body stays held"),
    ("a_tick_resumes_a_held_head", "a tick that takes the stream as its context can let a held head go on"),
    ("paused_trailers_wait", "trailers of a request can be held too; without a resume they never go on"),
    (
        "a_request_that_dies_early_is_only_logged",
        "a request that the host refuses before the filters see it runs the last callbacks only",
    ),
    (
        "shared_data_are_shared_between_machines",
        "what the first machine stores is there for the next, and for streams",
    ),
    ("a_tick_resumes_a_paused_body", "a tick can let a paused body go on; the next part is shown alone"),
    ("all_headers_can_be_replaced", "setting all pairs leaves exactly those"),
    (
        "an_unknown_foreign_function_is_not_found",
        "a foreign function that the host does not have is not found; clear_route_cache gives nothing",
    ),
    ("the_log_level_is_told", "a module can ask from which level on its lines are kept"),
    ("a_body_can_end_with_its_last_part", "in HTTP/2 the last part of a request body can carry the end"),
    (
        "a_held_body_can_end_with_its_last_part",
        "a paused body whose last part carries the end goes on with Continue in that callback",
    ),
    (
        "a_shut_window_delays_the_log",
        "while the client keeps its window shut the reply passes the filter, but the last callbacks wait",
    ),
    (
        "a_trap_reloads",
        "under the reload policy the stream at hand fails and a fresh machine serves the next",
    ),
    (
        "shared_data_compare_and_swap",
        "a missing key is created whatever number is given; 0 overwrites; another number than the last is refused",
    ),
    ("shared_data_outlive_a_machine", "what a machine wrote before it trapped is there for the next"),
    (
        "metrics_are_shared_and_typed",
        "a counter refuses steps below 1, a gauge takes them, a histogram has no value",
    ),
    (
        "properties_have_byte_forms",
        "texts come raw, numbers as eight bytes, truth values as one byte; what is unknown is not found",
    ),
    (
        "request_properties_close_with_the_head",
        "properties that read the request head find nothing once it went on, and are back in the log",
    ),
    (
        "a_property_that_is_set_becomes_filter_state",
        "set_property stores wasm.<name>, last write wins, and the log sees what on_log wrote",
    ),
    (
        "the_environment_is_what_is_configured",
        "variables that the configuration names can be read, others not",
    ),
    (
        "a_configuration_is_read_in_slices",
        "the plugin's configuration can be read in slices, which are cut off at its end",
    ),
    ("a_refused_configuration_does_not_start", "a module that returns false from on_configure is not taken"),
    ("a_trap_in_configure_does_not_start", "a module that traps in on_configure is not taken"),
    ("hostcalls_are_restricted_at_the_start", "shared data in the start function trap"),
    (
        "a_client_that_leaves_ends_the_exchange",
        "a client that goes away before the reply: the last callbacks run, and there is no code",
    ),
    (
        "a_client_that_leaves_early_ends_the_exchange",
        "a client that goes away after its head: the last callbacks run",
    ),
    ("closing_a_stream_cuts_it", "close_stream cuts the reply"),
    ("only_known_contexts_become_effective", "an unknown context is a bad argument"),
    (
        "trailers_can_be_made_at_the_end_of_a_body",
        "adding a trailer in the last body callback makes trailers",
    ),
    ("trailers_can_be_changed_in_their_callback", "in the trailers callback the trailers are open"),
    ("the_reply_head_can_be_changed", "in the response head callback headers can be changed and removed"),
    ("a_reply_without_a_body_has_no_body_callback", "replies to HEAD and 204 and 304 end with their head"),
    (
        "a_tick_answers_a_held_head",
        "a tick that takes the stream as its context can reply in place of the upstream while a head is held",
    ),
    (
        "a_tick_answers_a_head_that_stops_everything",
        "a tick can reply for a head that keeps its body away from the filter",
    ),
    (
        "a_tick_answers_a_held_body",
        "a tick can reply while head and body are held; the upstream sees neither",
    ),
    (
        "a_tick_answers_a_paused_body",
        "a tick can reply when the head went on and the body is paused: the upstream is cut off",
    ),
    ("a_tick_answers_paused_trailers", "a tick can reply while trailers are held"),
    (
        "a_held_body_can_be_thrown_away",
        "a body that is held and emptied in each callback never exceeds the limit",
    ),
    (
        "a_tick_period_can_change",
        "a period that a stream sets replaces the one that was set before; 0 ends the ticks",
    ),
    (
        "an_added_cookie_stands_beside_others",
        "adding a cookie to a reply leaves those of the upstream, whether the reply is held or not",
    ),
    (
        "a_client_that_leaves_while_held_ends_the_exchange",
        "a client that goes away while its request is held: the last callbacks run",
    ),
    (
        "claims_of_a_verified_token_are_properties",
        "claims of a token that jwt_authn verified are properties: texts raw, numbers as doubles, truth values as one byte",
    ),
    (
        "a_reply_to_a_reply_of_the_host_replaces_it",
        "a reply from the response head callback of the host's own reply takes its place",
    ),
];
