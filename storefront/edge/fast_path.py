"""The fast path: answers cached pages in the worker, before there is a WSGI request.

Its answers are measured, and trusted proxies are believed, as if they had passed all layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from storefront.app_state import AppState
from storefront.edge.cached_pages import CachedPageLayer
from storefront.web.common_headers import Measure

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class FastPath:
    """Answers a request whose head the worker has parsed.

    Args:
        pages: the layer that answers cached pages.
        measure: called with each answer.
        hops: the number of trusted proxies (TRUSTED_PROXIES).
    """

    def __init__(self, pages: CachedPageLayer, measure: Measure, hops: int) -> None:
        self._pages, self._measure = pages, measure
        answer: Callable[..., Any] = self._answer
        self._call = ProxyFix(answer, x_for=hops, x_proto=hops, x_host=hops) if hops else answer

    def answer(self, environ: WSGIEnvironment) -> bytes | None:
        """Return the response to a GET request on a keep-alive connection; None if the application has to answer.

        It never waits. If it returns None, nothing was counted and no rate limit was spent.
        """
        answer: bytes | None = self._call(environ, None)  # type: ignore[arg-type,assignment]
        return answer

    def _answer(self, environ: WSGIEnvironment, _start_response: object) -> bytes | None:
        started_at = time.perf_counter()
        response = self._pages.answer_raw(environ)
        if response is None:
            return None
        status, headers, answer = response
        self._measure(environ, status, headers, time.perf_counter() - started_at)
        return answer


# The layer with the pages, and the fast path to it. An application without a cache has neither.
cached_pages = AppState[CachedPageLayer]("edge.cached_pages")
fast_path = AppState[FastPath]("edge.fast_path")
