"""The largest request body of each kind of route: one table, which nginx carries too (deploy/nginx/nginx.conf).

A request is decided by its address, its origin and its declared size before anything reads its body. A body without a
declared size is cut at its limit.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar

from flask import Flask, abort, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.web.bounded_request import BoundedRequest

KB, MB = 1024, 1024 * 1024
MAX_FIELDS = 1000  # of one form
UPLOAD_DIRECTORY = "uploads"  # below the instance directory

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """A row of the table.

    Attributes:
        kind: the kind of route.
        prefixes: where the paths of these routes begin; the longest prefix of all rows decides. `*` is any part.
        most: bytes of a body.
    """

    kind: str
    prefixes: tuple[str, ...]
    most: int

    @property
    def text(self) -> str:
        """The limit as people write it."""
        return f"{self.most // MB} MB" if self.most >= MB else f"{self.most // KB} kB"


LIMITS = (
    BodyLimit("pages", ("/",), 16 * KB),
    BodyLimit("checkout", ("/checkout",), 64 * KB),
    BodyLimit("api", ("/api/", "/payments/"), MB),
    BodyLimit("pictures", ("/api/v1/products/*/pictures", "/api/v1/category-pictures/"), 20 * MB),
    BodyLimit("office", ("/ops", "/admin"), 2 * MB),
    BodyLimit("uploads", ("/admin/uploads/",), 250 * MB),
)
PAGES, UPLOADS = LIMITS[0], LIMITS[-1]


class BodyTooLargeError(StorefrontError):
    """A body is larger than its route accepts."""

    status = 413

    def __init__(self, limit: BodyLimit) -> None:
        super().__init__(_("You can send up to %(size)s here. Send less at once.", size=limit.text))


class TooManyFieldsError(StorefrontError):
    """A form has too many fields, or too much text in them."""

    status = 413

    def __init__(self) -> None:
        super().__init__(_("A form can have up to %(count)d fields. Send less at once.", count=MAX_FIELDS))


@lru_cache(maxsize=1000)
def find_limit(path: str) -> BodyLimit:
    """Return the limit of a path or of a route's rule."""
    rows = [(prefix, limit) for limit in LIMITS for prefix in limit.prefixes if _is_below(path, prefix)]
    return max(rows, key=lambda row: len(row[0]), default=("/", PAGES))[1]


def receives_upload(is_permitted: Callable[[], bool]) -> Callable[[View], View]:
    """Declare that a view under /admin/uploads/ receives files, which are written to disk while they arrive.

    Args:
        is_permitted: whether the current request's sender may upload. It is asked before the body is read; everybody
            else gets 404.
    """

    def declare(view: View) -> View:
        view.is_upload_permitted = is_permitted  # type: ignore[attr-defined]
        return view

    return declare


def drop_files() -> None:
    """Read the fields of the current request's form, and drop its files while they arrive."""
    if isinstance(request, LimitedRequest):
        request.drops_files = True


def init_app(app: Flask) -> None:
    """Decide by the declared size. Hooks registered before this call must not read the body."""
    app.request_class = LimitedRequest
    app.config["MAX_CONTENT_LENGTH"] = PAGES.most  # for what reads a body outside of the hooks
    app.config["MAX_FORM_PARTS"] = MAX_FIELDS

    @app.before_request
    def limit_body() -> None:
        if request.content_length or request.method not in ("GET", "HEAD"):
            _admit_body(_find_request_limit(app))


def is_too_large() -> bool:
    """Return whether the current request declares a larger body than its route accepts, from anybody."""
    rule = request.url_rule.rule if request.url_rule else None
    return find_exceeded(request.content_length, rule) is not None


def find_exceeded(declared: int | None, rule: str | None) -> BodyLimit | None:
    """Return the limit of a route that a declared size exceeds, if it does; `rule` is None without a route."""
    limit = find_limit(rule) if rule else PAGES
    return limit if declared is not None and declared > limit.most else None


def _find_request_limit(app: Flask) -> BodyLimit:
    """Return the limit of the current request; that of uploads applies to people who may upload.

    Raises:
        NotFound: it may not upload.
    """
    rule, view = request.url_rule, app.view_functions.get(request.endpoint or "")
    limit = find_limit(rule.rule) if rule else PAGES
    is_permitted: Callable[[], bool] | None = getattr(view, "is_upload_permitted", None)
    if is_permitted is not None and not is_permitted():
        abort(404)
    return find_limit("/admin") if limit is UPLOADS and is_permitted is None else limit


def _admit_body(limit: BodyLimit) -> None:
    declared = request.content_length
    if declared is not None and declared > limit.most:
        raise BodyTooLargeError(limit)
    request.max_form_memory_size = min(limit.most, find_limit("/admin").most)
    request.max_content_length = limit.most
    if declared is None and "wsgi.input_terminated" in request.environ:
        # Werkzeug cuts such a body at its limit, and some of its readers do not say so.
        request.max_content_length = limit.most + 1
        request.environ["wsgi.input"] = _BoundedBody(request.environ["wsgi.input"], limit)
    if limit is UPLOADS and isinstance(request, LimitedRequest):
        request.upload_directory = Path(current_app.instance_path) / UPLOAD_DIRECTORY


def _is_below(path: str, prefix: str) -> bool:
    if "*" in prefix:
        parts, wanted = path.split("/"), prefix.split("/")
        return len(parts) >= len(wanted) and all(w in ("*", p) for p, w in zip(parts, wanted, strict=False))
    return path.startswith(prefix) and (prefix.endswith("/") or path[len(prefix) :][:1] in ("", "/"))


class _BoundedBody(io.RawIOBase):
    """A body without a declared size; a read beyond the limit raises BodyTooLargeError."""

    def __init__(self, stream: IO[bytes], limit: BodyLimit) -> None:
        self._stream, self._limit, self._left = stream, limit, limit.most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise BodyTooLargeError(self._limit)
        buffer[: len(data)] = data
        return len(data)


class _Dropped(io.BytesIO):
    """A file of which nothing is kept."""

    def write(self, data: Any, /) -> int:
        return len(data)


class _FormParser(FormDataParser):
    """Refuses a form with too many fields before it makes objects of them."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: Any = None
    ) -> tuple[IO[bytes], Any, Any]:
        if mimetype == "application/x-www-form-urlencoded":
            body = stream.read()
            if body.count(b"&") >= MAX_FIELDS:
                raise TooManyFieldsError
            stream = io.BytesIO(body)
        try:
            return super().parse(stream, mimetype, content_length, options)
        except RequestEntityTooLarge as error:
            raise TooManyFieldsError from error


class LimitedRequest(BoundedRequest):
    """The shop's request: its form has at most MAX_FIELDS fields, and its uploads are written to disk.

    Attributes:
        upload_directory: where files are written while they arrive, if this is an upload.
        drops_files: whether files are read and kept nowhere.
    """

    form_data_parser_class = _FormParser
    upload_directory: Path | None = None
    drops_files = False

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.drops_files:
            return _Dropped()
        if self.upload_directory is None:
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        self.upload_directory.mkdir(parents=True, exist_ok=True)
        # It has no name, so it ends with the request.
        return tempfile.TemporaryFile("w+b", dir=self.upload_directory)
