"""Error pages in the shop's clothes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, g, render_template, request
from flask.globals import request_ctx
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

from storefront.app_state import AppState
from storefront.errors import StorefrontError

log = logging.getLogger(__name__)

_TITLES = {
    400: "That request cannot be understood",
    403: "That is not allowed",
    404: "This page does not exist",
    405: "That cannot be done here",
    410: "No longer in the shop",
    413: "That is too large",
    414: "That address is too long",
    422: "Something in the form has to be mended",
    429: "A little slower, please",
    500: "Something broke on our side",
    503: "The shop is catching its breath",
}
_SENTENCES = {
    400: "Part of the address or the form has a value that we cannot use.",
    403: "This address is not for everybody. If it should be for you, sign in first.",
    404: "The address may be mistyped, or the page has moved without leaving a note.",
    405: "This address exists, but does not answer that kind of request.",
    410: "This product has been taken out of the range and will not come back.",
    413: "What was sent is larger than this shop accepts.",
    414: "Shorten the search or the filters and try again.",
    500: "It has been written down and we will look at it. Trying again in a moment often helps.",
    503: "Please try again in a minute; nothing that you have done here is lost.",
}

_AWAY = (OperationalError, PendingRollbackError, PoolTimeoutError)

Answer = str | tuple[str, int] | Response
# Called with the status, a sentence for people and the exception.
ErrorRenderer = Callable[[int, str, Exception], Answer]

_renderers = AppState[list[tuple[str, ErrorRenderer]]]("web.error_renderers")


def add_renderer(app: Flask, prefix: str, render: ErrorRenderer) -> None:
    """Render errors under a path prefix with this function instead of an error page."""
    _renderers.get(app).append((prefix, render))


def init_app(app: Flask) -> None:
    """Answer every HTTP error with a page that says what is wrong and where to go on."""
    renderers: list[tuple[str, ErrorRenderer]] = []
    _renderers.set(app, renderers)

    def page(status: int, sentence: str | None, error: Exception) -> Answer:
        if request_ctx.url_adapter is None:  # a host that we do not answer to: no link could be made for it
            return f"{sentence or _SENTENCES[400]}\n", status
        for prefix, render in renderers:
            if request.path.startswith(prefix):
                return render(status, sentence or _SENTENCES.get(status, ""), error)
        title = _TITLES.get(status, "That did not work")
        text = sentence or _SENTENCES.get(status, "Please go back and try again.")
        body = render_template(
            "errors/error.html", status=status, title=title, sentence=text, request_id=g.get("request_id")
        )
        return body, status

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = app.make_response(page(error.code or 500, None, error))
        # What the exception knows besides (Allow, Retry-After) is kept; its body is not.
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                response.headers[name] = value
        return response

    def database_away(error: Exception) -> Response:
        log.warning("request %s found the database away, full or overrun: %s", g.get("request_id"), error)
        response = app.make_response(page(503, None, error))
        response.headers["Retry-After"] = "5"
        return response

    for away in _AWAY:
        app.register_error_handler(away, database_away)

    @app.errorhandler(InternalServerError)
    def server_error(error: InternalServerError) -> Answer:
        if isinstance(error.original_exception, _AWAY):  # it went while the page of another error was made
            return database_away(error.original_exception)
        log.error("request %s failed", g.get("request_id"), exc_info=error.original_exception)
        return page(500, None, error)

    @app.errorhandler(StorefrontError)
    def our_error(error: StorefrontError) -> Answer:
        if error.status >= 500:
            log.error("request %s failed", g.get("request_id"), exc_info=error)
        told = error.status < 500 or error.is_told
        response = app.make_response(page(error.status, str(error) if told else None, error))
        if error.status == 503:
            response.headers["Retry-After"] = "5"
        return response
