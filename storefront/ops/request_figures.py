"""The outermost WSGI layer: it measures every request once and writes its log line."""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from prometheus_client import Histogram

from storefront.app_state import AppState
from storefront.web import DETACHED_RESPONSE, ROUTE, logs
from storefront.web.common_headers import Header
from storefront.web.shared_caches import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BatchHistogram(Histogram):
    """A histogram to which many observations can be added at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add observations.

        Args:
            counts: the number of observations in each bucket; the last one is for those above all bounds.
            total: the sum of all observations.
        """
        self._sum.inc(total)
        for bucket, number in zip(self._buckets, counts, strict=True):
            if number:
                bucket.inc(number)


BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)  # seconds
SECONDS = BatchHistogram(
    "storefront_request_seconds",
    "Time to answer a request; the endpoint is `edge` if the fast path answered before Flask.",
    ["endpoint", "status"],
    buckets=BUCKETS,
)
# The keys of `RequestMeter.counts`, by index in BUCKETS; slower requests count in the last bucket.
_BOUNDS = [f"le:{min(index, len(BUCKETS) - 1)}" for index in range(len(BUCKETS) + 1)]
_EDGE = "edge"  # the endpoint of answers in front of Flask

log = logging.getLogger("storefront.requests")


def init_app(app: Flask) -> None:
    """Store each request's route; this runs before any hook that can answer."""

    @app.url_value_preprocessor
    def store_route(endpoint: str | None, _values: dict[str, Any] | None) -> None:
        request.environ[ROUTE] = (endpoint or "none", request.url_rule.rule if request.url_rule else None)


@dataclass(slots=True)
class _Batch:
    """Answers of the fast path that the histogram does not have yet: numbers by time bucket, and seconds in all."""

    counts: list[int] = field(default_factory=lambda: [0] * len(_BOUNDS))
    seconds: float = 0.0


class RequestMeter:
    """The WSGI layer. `counts` holds this process's requests by status class and by time bucket."""

    def __init__(self, app: Flask, inner: WSGIApplication) -> None:
        self._inner = inner
        self._has_log = bool(app.config["LOG"])
        self._series: dict[tuple[str, str], Any] = {}
        self._batches: dict[str, _Batch] = {}  # by status class
        self.counts: Counter[str] = Counter()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        began = time.perf_counter()
        started: tuple[str, list[Header]] | None = None

        def start(status: str, headers: list[Header], *exc_info: Any) -> Any:
            nonlocal started
            started = status, headers
            return start_response(status, headers, *exc_info)

        try:
            return self._inner(environ, start)
        finally:
            took = time.perf_counter() - began
            # A detached stream leaves its response in the environment. With neither, the application failed.
            status, headers = started or environ.get(DETACHED_RESPONSE) or ("500", [])
            self.measure(environ, status, headers, took)

    def measure(self, environ: WSGIEnvironment, status: str, headers: list[Header], took: float) -> None:
        """Count a request that took this many seconds, and write its log line."""
        endpoint, rule = environ.get(ROUTE) or (_endpoint_without_route(headers), None)
        key = endpoint, f"{status[0]}xx"
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = SECONDS.labels(*key)
        series.observe(took)
        self.counts[key[1]] += 1
        self.counts[_BOUNDS[bisect_left(BUCKETS, took)]] += 1
        if self._has_log:
            self._log(environ, status, dict(headers), took, rule)

    def measure_fast(self, environ: WSGIEnvironment, status: str, headers: list[Header], took: float) -> None:
        """Count an answer of the fast path like `measure`, in plain numbers until `sync`, and write its log line.

        The histogram, which all processes share, would cost as much as a rate limit.
        """
        batch = self._batches.get(status[0])
        if batch is None:
            batch = self._batches[status[0]] = _Batch()
        batch.counts[bisect_left(BUCKETS, took)] += 1
        batch.seconds += took
        if self._has_log:
            self._log(environ, status, dict(headers), took, None)

    def sync(self) -> None:
        """Add the answers of the fast path since the last call to the histogram and to `counts`."""
        batches, self._batches = self._batches, {}
        for first, batch in batches.items():
            SECONDS.labels(_EDGE, f"{first}xx").add(batch.counts, batch.seconds)
            self.counts[f"{first}xx"] += sum(batch.counts)
            for bound, number in zip(_BOUNDS, batch.counts, strict=True):
                if number:
                    self.counts[bound] += number

    def _log(
        self,
        environ: WSGIEnvironment,
        status: str,
        headers: dict[str, str],
        took: float,
        rule: str | None,
    ) -> None:
        # The log has the rule, because a URL may contain a token. It has the URL of public pages only.
        public = headers.get("Cache-Control", "").startswith("public") and status[0] in "23"
        fields = {
            "method": environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else "other",
            "route": rule or (_EDGE if public else "none"),
            **({"path": environ["PATH_INFO"]} if public else {}),
            "status": int(status[:3]),
            "ms": round(took * 1000, 2),
            "bytes": int(headers.get("Content-Length", 0)),
            "request_id": headers.get("X-Request-ID") or environ.get(REQUEST_ID, ""),
            **({"cache": headers["Cache-Status"].split("; key=")[0]} if "Cache-Status" in headers else {}),
        }
        logs.log_fields(log, f"{fields['method']} {fields['route']}", fields)


request_meter = AppState[RequestMeter]("ops.request_meter")


def _endpoint_without_route(headers: list[Header]) -> str:
    return _EDGE if any(name == "Cache-Status" for name, _ in headers) else "none"


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
