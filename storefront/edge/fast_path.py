"""Answers held pages in front of the whole application: measured, and with a proxy believed, as behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from storefront.app_state import AppState
from storefront.edge.cached_pages import CachedPageLayer
from storefront.edge.wire import Header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Called with the environment, the status, the headers and the seconds that the answer took.
Measure = Callable[[dict[str, Any], str, list[Header], float], None]


class FastPath:
    """What a server may ask before it makes a request of what it has read.

    Args:
        pages: the layer that has the pages.
        measure: is told of each answer.
        hops: as `TRUSTED_PROXIES`.
    """

    def __init__(self, pages: CachedPageLayer, measure: Measure, hops: int) -> None:
        self._pages, self._measure = pages, measure
        answer: Callable[..., Any] = self._answer
        self._ask = ProxyFix(answer, x_for=hops, x_proto=hops, x_host=hops) if hops else answer

    def answer(self, environ: WSGIEnvironment) -> bytes | None:
        """Return a GET request's whole answer on a connection that stays open; None if the application has to say.

        Nothing is waited for, and nothing is spent or counted if the answer is None.
        """
        answer: bytes | None = self._ask(environ, None)  # type: ignore[arg-type,assignment]
        return answer

    def _answer(self, environ: WSGIEnvironment, _start_response: object) -> bytes | None:
        began = time.perf_counter()
        found = self._pages.answer_raw(environ)
        if found is None:
            return None
        status, headers, answer = found
        self._measure(environ, status, headers, time.perf_counter() - began)
        return answer


# The layer that holds the pages, and the fast path to it; both are missing where the cache is off.
cached_pages = AppState[CachedPageLayer]("edge.cached_pages")
fast_path = AppState[FastPath]("edge.fast_path")
