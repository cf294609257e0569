"""A request whose headers that are parsed as lists are cut at a length that no browser needs."""

from __future__ import annotations

from typing import Any

from flask import Request

# Characters. gunicorn accepts 60 lines of 16 kB each and joins those of the same name.
MAX_COOKIES = 16_384
MAX_LIST = 2_000
_LONGEST = {
    "HTTP_COOKIE": MAX_COOKIES,
    "HTTP_ACCEPT": MAX_LIST,
    "HTTP_ACCEPT_ENCODING": MAX_LIST,
    "HTTP_ACCEPT_LANGUAGE": MAX_LIST,
    "HTTP_IF_MATCH": MAX_LIST,
    "HTTP_IF_NONE_MATCH": MAX_LIST,
    "HTTP_RANGE": MAX_LIST,
    "HTTP_USER_AGENT": MAX_LIST,
}


class BoundedRequest(Request):
    """A request with bounded headers. The end of a longer header is ignored."""

    def __init__(self, environ: dict[str, Any], *arguments: Any, **options: Any) -> None:
        """Cut the headers, also for those who read the WSGI environment."""
        for name, most in _LONGEST.items():
            if len(environ.get(name, "")) > most:
                environ[name] = environ[name][:most]
        super().__init__(environ, *arguments, **options)
