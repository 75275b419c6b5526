"""Every metric of the gateway: what it says and by which labels, none of which a client can make up."""

from __future__ import annotations

from typing import NamedTuple

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


class Metric(NamedTuple):
    """One metric: its kind, its labels in order, and what it says in a sentence."""

    kind: str
    labels: tuple[str, ...]
    help: str


def _counter(meaning: str, *labels: str) -> Metric:
    return Metric(COUNTER, labels, meaning)


def _gauge(meaning: str, *labels: str) -> Metric:
    return Metric(GAUGE, labels, meaning)


def _seconds(meaning: str, *labels: str) -> Metric:
    return Metric(HISTOGRAM, labels, meaning)


METRICS = {
    # What clients got.
    "cutover_requests_total": _counter("Requests answered on the public listener.", "route", "stage", "status"),
    "cutover_request_seconds": _seconds("Seconds from the request head to the end of the answer.", "route", "stage"),
    "cutover_received_bytes_total": _counter("Bytes of request bodies that were read.", "route", "stage"),
    "cutover_sent_bytes_total": _counter("Bytes of answer bodies that were passed on.", "route", "stage"),
    "cutover_requests_in_flight": _gauge("Requests on the public listener that are not answered to the end."),
    "cutover_sockets_total": _counter("WebSockets by the code they were closed with.", "route", "code"),
    "cutover_sockets_open": _gauge("WebSockets that are open or being opened."),
    "cutover_truncated_total": _counter(
        "Answers that broke off: by the service, or because the client left.", "route", "by"
    ),
    "cutover_cut_total": _counter("Answers and WebSockets cut since they outlasted the drain."),
    "cutover_copies_total": _counter("Marked copies answered on the internal listener.", "route", "mode", "status"),
    "cutover_shortcuts_total": _counter("Requests on the public listener that took a shortcut from head to service."),
    "cutover_passthrough_total": _counter("Requests on existing paths that passed through.", "route", "stage"),
    # What was refused.
    "cutover_refused_total": _counter("Requests the gateway's own policy refused.", "route", "status", "reason"),
    "cutover_limited_total": _counter("Requests refused for want of a token, by limit class.", "limit"),
    "cutover_would_refuse_total": _counter(
        "Transparent calls that policy would have refused.", "route", "status", "reason"
    ),
    "cutover_limits_local": _gauge("Whether limits are this process's share since the instances do not meet."),
    "cutover_redis_up": _gauge("Whether Redis answered when it was last asked; absent without one."),
    "cutover_permission_refreshes_total": _counter("Times the platform was asked what roles hold.", "result"),
    "cutover_permissions_from_platform": _gauge("Whether roles hold what the platform says, not the file."),
    "cutover_permissions_stale": _gauge("Whether the platform could not be asked lately what roles hold."),
    "cutover_permissions_age_seconds": _gauge("Seconds since the platform said what roles hold."),
    "cutover_scope_lookups_total": _counter(
        "Times it had to be known whose something is, by how that was learned.", "route", "result"
    ),
    # What services did.
    "cutover_upstream_requests_total": _counter("Requests to a service, by what it answered.", "service", "status"),
    "cutover_upstream_first_byte_seconds": _seconds("Seconds to the head of a service's answer.", "service"),
    "cutover_upstream_seconds": _seconds(
        "Seconds to the end of a service's answer, as fast as it is taken.", "service"
    ),
    "cutover_upstream_failures_total": _counter(
        "Requests without a usable answer of the service.", "route", "status", "reason"
    ),
    "cutover_circuit_opened_total": _counter("How often a service was left alone because it failed.", "service"),
    "cutover_circuit_state": _gauge("0 a service is asked, 1 it is tried, 2 it is left alone.", "service"),
    "cutover_retries_total": _counter("Requests sent to a service once more.", "service", "why"),
    "cutover_retries_denied_total": _counter(
        "Requests that the retry budget did not let be sent once more.", "service", "why"
    ),
    "cutover_pool_connections": _gauge("Connections to a service, at rest or in use.", "service", "state"),
    "cutover_pool_opened_total": _counter("Connections opened to a service.", "service"),
    "cutover_openapi_failures_total": _counter("Documents of services that could not be read.", "service", "reason"),
    # What was answered without them.
    "cutover_idempotency_total": _counter("Requests with an Idempotency-Key, by what they met.", "route", "outcome"),
    "cutover_reused_total": _counter(
        "Requests served from kept answers or joined to another in flight, by how.", "route", "how"
    ),
    "cutover_cache_bytes": _gauge("Bytes of kept answers."),
    "cutover_cache_entries": _gauge("Answers kept."),
    # What this process is.
    "cutover_build_info": _gauge(
        "1, with the version, the declared build and the Python.", "version", "build", "python"
    ),
    "cutover_table_info": _gauge(
        "1, with the platform and the digest of the table that is served.", "platform", "digest"
    ),
    "cutover_flags_revision": _gauge("The revision of the flags that are obeyed."),
    "cutover_flags_stale": _gauge("Whether the flags could not be read lately."),
    "cutover_reload_failed": _gauge("Whether the last table was refused."),
    "cutover_reloads_total": _counter("Tables swapped, and tables refused.", "result"),
    "cutover_draining": _gauge("Whether the process is stopping."),
    "cutover_event_loop_lag_seconds": _seconds("Seconds by which a regular beat came late."),
    "process_resident_memory_bytes": _gauge("Bytes of memory in use."),
    "process_open_fds": _gauge("Open file descriptors."),
    "process_max_fds": _gauge("How many there may be."),
    "process_cpu_seconds_total": _counter("Seconds of processor time, user and system."),
    "process_start_time_seconds": _gauge("When the process started, in seconds since 1970."),
}
