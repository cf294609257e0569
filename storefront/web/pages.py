"""Error pages in the shop's clothes."""

from __future__ import annotations

import logging

from flask import Flask, g, render_template
from flask.globals import request_ctx
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

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


def init_app(app: Flask) -> None:
    """Answer every HTTP error with a page that says what is wrong and where to go on."""

    def page(status: int, sentence: str | None) -> tuple[str, int]:
        if request_ctx.url_adapter is None:  # a host that we do not answer to: no link could be made for it
            return f"{sentence or _SENTENCES[400]}\n", status
        title = _TITLES.get(status, "That did not work")
        text = sentence or _SENTENCES.get(status, "Please go back and try again.")
        body = render_template(
            "errors/error.html", status=status, title=title, sentence=text, request_id=g.get("request_id")
        )
        return body, status

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[str, int, list[tuple[str, str]]]:
        body, status = page(error.code or 500, None)
        # What the exception knows besides (Allow, Retry-After) is kept; its body is not.
        kept = [(k, v) for k, v in error.get_headers() if k.lower() in ("allow", "retry-after")]
        return body, status, kept

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeoutError)
    def database_away(error: Exception) -> tuple[str, int, list[tuple[str, str]]]:
        log.warning("request %s found the database away, full or overrun: %s", g.get("request_id"), error)
        return *page(503, None), [("Retry-After", "5")]

    @app.errorhandler(InternalServerError)
    def server_error(error: InternalServerError) -> tuple[str, int]:
        log.error("request %s failed", g.get("request_id"), exc_info=error.original_exception)
        return page(500, None)

    @app.errorhandler(StorefrontError)
    def our_error(error: StorefrontError) -> tuple[str, int]:
        if error.status >= 500:
            log.error("request %s failed", g.get("request_id"), exc_info=error)
            return page(error.status, None)
        return page(error.status, str(error))
