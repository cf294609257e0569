"""Error pages in the shop's layout."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, current_app, g, render_template, request
from flask.globals import request_ctx
from sqlalchemy.exc import OperationalError, PendingRollbackError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from storefront import failures
from storefront.app_state import AppState, Hook
from storefront.errors import StorefrontError
from storefront.i18n import lazy_gettext as _
from storefront.languages import remove_language
from storefront.web.compression import PreparedPages

log = logging.getLogger(__name__)

_TITLES = {
    400: _("We couldn’t understand this request"),
    403: _("You don’t have access to this page"),
    404: _("Page not found"),
    405: _("This isn’t possible here"),
    408: _("The request took too long"),
    410: _("No longer available"),
    413: _("This is too large"),
    414: _("This address is too long"),
    422: _("Check the highlighted fields"),
    429: _("Too many requests"),
    500: _("Something went wrong"),
    503: _("The shop is temporarily unavailable"),
}
_SENTENCES = {
    400: _("Part of the address or the form isn’t valid."),
    403: _("Sign in to see this page."),
    404: _("The address may be mistyped, or the page may have moved."),
    405: _("This page exists, but doesn’t accept this kind of request."),
    408: _(
        "Only part of the request arrived. Check your connection and send it again. Nothing has been "
        "changed yet."
    ),
    410: _("This product is no longer available."),
    413: _("What was sent is larger than this shop accepts."),
    414: _("Shorten the search or the filters and try again."),
    500: _("We’ve recorded the problem and will look into it. Please try again in a moment."),
    503: _("Please try again in a minute. Nothing you’ve done here is lost."),
}

_MAX_SENTENCE = 300  # characters; pages with longer sentences are not kept

_UNAVAILABLE = (OperationalError, PendingRollbackError, PoolTimeoutError)

ErrorResponse = str | tuple[str, int] | BaseResponse
# Called with the status, a sentence for people and the exception; returns None to leave it to the error page.
ErrorRenderer = Callable[[int, str, Exception], ErrorResponse | None]

unknown_path = Hook[[str], BaseResponse | None]("web.unknown_path")
"""Returns the redirect for a GET of a path without a page; None if the path leads nowhere."""

unavailable_page = Hook[[], BaseResponse | None]("web.unavailable_page")
"""Returns the page to show while the database is away, such as the form that was sent; None for the usual one."""

_renderers = AppState[list[tuple[str, ErrorRenderer]]]("web.error_renderers")


def add_renderer(app: Flask, prefix: str, render: ErrorRenderer) -> None:
    """Render errors under a path prefix with this function instead of an error page."""
    _renderers.get(app).append((prefix, render))


def render_for_path(status: int, sentence: str) -> Response | None:
    """Return an error as the current request's path renders it, such as below /api/; None if it gets a page."""
    for prefix, render in _renderers.get(current_app):
        if request.path.startswith(prefix):
            found = render(status, sentence, ServiceUnavailable())
            return None if found is None else current_app.make_response(found)
    return None


def title_of(status: int) -> str:
    """Return the heading of the page for this status."""
    return str(_TITLES.get(status, _("That didn’t work")))


def init_app(app: Flask) -> None:
    """Answer every HTTP error with a page that says what is wrong and what to do next."""
    renderers: list[tuple[str, ErrorRenderer]] = []
    pages = PreparedPages()
    _renderers.set(app, renderers)

    def render(status: int, sentence: str | None, error: Exception) -> ErrorResponse:
        if request_ctx.url_adapter is None:  # an unknown host: no URL can be built for it
            return f"{sentence or _SENTENCES[400]}\n", status
        for prefix, render_error in renderers:
            if request.path.startswith(prefix):
                own = render_error(status, sentence or str(_SENTENCES.get(status, "")), error)
                if own is not None:
                    return own
        title = title_of(status)
        text = sentence or str(_SENTENCES.get(status, _("Please go back and try again.")))

        def render_page() -> str:
            request_id = g.get("request_id") if status >= 500 else None
            return render_template(
                "errors/error.html", status=status, title=title, sentence=text, request_id=request_id
            )

        if status >= 500 or len(text) > _MAX_SENTENCE:
            return render_page(), status
        response = pages.build_response((status, title, text, request.script_root), render_page)
        response.status_code = status
        return response

    def find_redirect() -> BaseResponse | None:
        """Return the redirect for a path that no view has, if there is one."""
        if request.method not in ("GET", "HEAD") or request.path.startswith(tuple(p for p, _ in renderers)):
            return None
        try:
            return next((moved for moved in unknown_path.fire(remove_language(request.path)) if moved), None)
        except _UNAVAILABLE:  # the path may be unknown, which is no reason for a page with 503
            return None

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> BaseResponse:
        if error.code == 404 and error is request.routing_exception and (moved := find_redirect()):
            return moved
        response = app.make_response(render(error.code or 500, None, error))
        # Keep the exception's Allow and Retry-After headers, not its body.
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                response.headers[name] = value
        return response

    def database_unavailable(error: Exception) -> Response:
        sentence = failures.describe(error) or failures.UNAVAILABLE
        log.warning("request %s: %s (%s)", g.get("request_id"), sentence, str(error).partition("\n")[0])
        own = next((page for page in unavailable_page.fire() if page), None)
        response = app.make_response(own or render(503, None, error))
        response.headers["Retry-After"] = "5"
        return response

    for kind in _UNAVAILABLE:
        app.register_error_handler(kind, database_unavailable)

    @app.errorhandler(ProgrammingError)
    def statement_failed(error: ProgrammingError) -> Response:
        """Answer 503 until somebody has migrated the tables; PostgreSQL reports a fault of the code the same way."""
        if not failures.lacks_tables(error):
            raise error
        return database_unavailable(error)

    @app.errorhandler(InternalServerError)
    def server_error(error: InternalServerError) -> ErrorResponse:
        # The database may fail while the page of another error is rendered.
        if isinstance(error.original_exception, _UNAVAILABLE):
            return database_unavailable(error.original_exception)
        log.error("request %s failed", g.get("request_id"), exc_info=error.original_exception)
        return render(500, None, error)

    @app.errorhandler(StorefrontError)
    def our_error(error: StorefrontError) -> ErrorResponse:
        if error.status >= 500:
            log.error("request %s failed", g.get("request_id"), exc_info=error)
        has_text = error.status < 500 or error.is_public
        response = app.make_response(render(error.status, str(error) if has_text else None, error))
        if error.retry_after or error.status == 503:
            response.headers["Retry-After"] = str(error.retry_after or 5)
        return response
