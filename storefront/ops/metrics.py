"""/metrics for Prometheus: the figures of all workers of this host, whichever worker answers.

Hot paths count in plain integers. Every two seconds, and at each scrape, a process adds the difference to the
counters that prometheus-client shares between processes (PROMETHEUS_MULTIPROC_DIR, set by deploy/gunicorn.conf.py).
"""

from __future__ import annotations

import hmac
import os
from collections import Counter as Counts
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from flask import Flask, Response, abort, current_app, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
    multiprocess,
)
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import SQLAlchemyError

from storefront import cdn, outbox, periodic, redis_roles, stock
from storefront.cache import verified_counts
from storefront.cache.state import cache_state
from storefront.checkout import order_events
from storefront.i18n import gettext as _
from storefront.ops.request_figures import request_meter
from storefront.redis_roles import RedisUnavailable
from storefront.web import hosts, staff_access

CACHE = Counter("storefront_cache_events", "Results of cache look-ups.", ["kind", "event"])
TIMINGS = Counter(
    "storefront_cache_timings", "Look-ups and builds by their upper bound.", ["kind", "what", "le_ms"]
)
REDIS = Counter("storefront_redis_calls", "Calls of Redis by role and result.", ["role", "result"])
OPEN = Gauge(
    "storefront_redis_open", "Processes whose circuit breaker is open.", ["role"], multiprocess_mode="livesum"
)
STREAMS = Gauge("storefront_stock_streams", "Open pages with live stock.", multiprocess_mode="livesum")
STOCK = Counter("storefront_stock_events", "Stock events in and out.", ["direction"])
FANOUT = Counter(
    "storefront_stock_fanout", "Stock changes by the time to reach all open pages, by upper bound.", ["le_ms"]
)
DROPPED = Counter("storefront_stock_dropped", "Streams closed because the client did not read.")
VERIFIED = Counter("storefront_cache_verified", "Cached pages compared with the database.", ["result"])
WRONG_OLDEST = Gauge(
    "storefront_cache_wrong_oldest_seconds",
    "Age of the oldest wrong answer of seven days.",
    multiprocess_mode="mostrecent",
)
LOCAL = Gauge(
    "storefront_cache_local_bytes", "Bytes of cached pages in the processes.", multiprocess_mode="livesum"
)
OUTBOX = Gauge("storefront_outbox_waiting", "Messages waiting in the outbox.", multiprocess_mode="mostrecent")
OLDEST = Gauge(
    "storefront_outbox_oldest_seconds", "Age of the oldest waiting message.", multiprocess_mode="mostrecent"
)

EDGE_WAITING = Gauge(
    "storefront_edge_waiting", "Purges that the edge has not received.", multiprocess_mode="mostrecent"
)
EDGE_OLDEST = Gauge(
    "storefront_edge_oldest_seconds", "Age of the oldest waiting purge.", multiprocess_mode="mostrecent"
)
EDGE = Counter("storefront_edge_purges", "Purges sent to the edge, by result.", ["result"])
SQL_ERRORS = Counter("storefront_sql_errors", "SQL statements that failed.", ["kind"])
ORDERS = Counter("storefront_orders", "Orders placed.")

INTERVAL = 2.0  # seconds


class Metrics:
    """Adds this process's counts to the shared metrics."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pid = os.getpid()
        self._reported: Counts[tuple[str, ...]] = Counts()

    def sync(self) -> None:
        """Add what this process has counted since the last call."""
        if self._pid != os.getpid():  # after a fork: the parent reports its own counts
            self._pid, self._reported = os.getpid(), Counts()
        if (meter := request_meter.find(self._app)) is not None:
            meter.sync()
        if (state := cache_state.find(self._app)) is not None:
            for (kind, event), number in tuple(state.store.counters.total.items()):
                what, bounded, bound = event.partition("<=")
                if bounded:
                    self._add(TIMINGS, number, kind, what, bound)
                else:
                    self._add(CACHE, number, kind, event)
            for verdict in verified_counts.RESULTS:
                VERIFIED.labels(verdict)  # from 0, so that an alert sees the first one
                self._add(VERIFIED, state.truth_meter.total[verdict], verdict)
            LOCAL.set(state.store.l1.size + state.store.outage_l1.size)
        for role in redis_roles.statuses():
            answered = role.calls - role.errors
            for result, number in (
                ("answered", answered),
                ("failed", role.errors),
                ("refused", role.refused),
            ):
                self._add(REDIS, number, role.role, result)
            OPEN.labels(role.role).set(role.state != "closed")
        hub = stock.hub.get(self._app)
        STREAMS.set(hub.streams)
        self._add(STOCK, hub.received, "heard")
        self._add(STOCK, hub.sent, "sent")
        for seconds, number in tuple(hub.delays.items()):
            self._add(FANOUT, number, f"{1000 * seconds:g}")
        self._add(DROPPED, hub.dropped)
        for result, number in cdn.count_results(self._app).items():
            self._add(EDGE, number, result)

    def _add(self, counter: Counter, number: int, *labels: str) -> None:
        key = (counter._name, *labels)
        if (new := number - self._reported[key]) > 0:
            (counter.labels(*labels) if labels else counter).inc(new)
            self._reported[key] = number


def init_app(app: Flask) -> None:
    """Serve /metrics to who may read them; everybody else gets 404."""
    metrics = Metrics(app)
    periodic.add_task(app, "ops-metrics", metrics.sync, interval=INTERVAL)
    order_events.changed.register(app, _count_order)

    @app.get("/metrics", endpoint="metrics")
    def show() -> Response:
        if not _may_read():
            abort(404)
        metrics.sync()
        with suppress(RedisUnavailable):
            WRONG_OLDEST.set(verified_counts.read_week(app.config["CACHE_PREFIX"]).oldest)
        try:
            waiting, oldest = outbox.waiting()
            OUTBOX.set(waiting)
            OLDEST.set(oldest)
            edges = cdn.read_status()
            EDGE_WAITING.set(sum(edge.waiting for edge in edges))
            EDGE_OLDEST.set(max((edge.oldest for edge in edges), default=0.0))
        except SQLAlchemyError:
            pass  # without a database the other figures are even more useful
        return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


@event.listens_for(Engine, "handle_error")
def _count_error(context: ExceptionContext) -> None:
    SQL_ERRORS.labels(type(context.sqlalchemy_exception).__name__).inc()


def _count_order(_session: object, change: order_events.OrderChange) -> None:
    ORDERS.inc(change.kind == "placed")


def breakers() -> dict[str, int]:
    """Return, by Redis role, how many processes of this host have an open circuit breaker."""
    return {labels["role"]: int(value) for labels, value in _samples("storefront_redis_open")}


def figures() -> list[tuple[str, int]]:
    """Return the metrics that the dashboard lists, as (label, value)."""
    return [
        (label, round(sum(value for _, value in _samples(name))))
        for label, name in (
            (_("Requests"), "storefront_request_seconds_count"),
            (_("Orders placed"), "storefront_orders_total"),
            (_("Open pages with live stock"), "storefront_stock_streams"),
            (_("Bytes of pages in the workers’ memory"), "storefront_cache_local_bytes"),
            (_("Database errors"), "storefront_sql_errors_total"),
            (_("Messages waiting in the outbox, at the last check"), "storefront_outbox_waiting"),
        )
    ]


def _samples(name: str) -> list[tuple[dict[str, str], float]]:
    metrics = (sample for metric in _registry().collect() for sample in metric.samples)
    return [(sample.labels, sample.value) for sample in metrics if sample.name == name]


def _registry() -> Any:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _may_read() -> bool:
    """Return whether the current request may read the metrics.

    With `STOREFRONT_METRICS_TOKEN` only that token opens them. Without it, outside production only staff read them: a
    tunnel's visitors come from this machine, too. In production Prometheus asks from the private network.
    """
    if (token := current_app.config["METRICS_TOKEN"]) is not None:
        given = request.headers.get("Authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, f"Bearer {token}".encode())
    if current_app.config["ENV"] != "production":
        return staff_access.may("system:read")
    return not hosts.is_forwarded() and _is_private_client()


def _is_private_client() -> bool:
    try:
        return ip_address(request.remote_addr or "").is_private
    except ValueError:
        return True  # a unix socket: its file permissions decide
