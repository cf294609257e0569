"""A shop below a path of its host, such as /shop (`STOREFRONT_PREFIX`).

`PrefixLayer` moves the prefix from the path into `SCRIPT_NAME` (PEP 3333), from which Flask builds URLs. A proxy that
has removed the prefix says so with `X-Forwarded-Prefix`, which only a trusted proxy may. No request chooses the
prefix: pages are cached, so all of them must contain the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from storefront import languages
from storefront.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Printable ASCII without the backslash; the second character is not a slash.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")
# Monitors and load balancers ask each process directly, without the prefix.
_PROBES = frozenset(("/healthz", "/readyz", "/metrics"))


def add_prefix(path: str) -> str:
    """Return a path of the shop as a URL path of its host, in the present language."""
    path = languages.add_language(path, languages.current())
    return f"{current_app.config['PREFIX']}{path}" if current_app else path


def remove_prefix(path: str) -> str:
    """Return a URL path of the host as a path of the shop, if it is one: the opposite of `add_prefix`."""
    prefix = current_app.config["PREFIX"]
    return path[len(prefix) :] if path.startswith((f"{prefix}/", f"{prefix}?")) else path


def is_own_path(text: str) -> bool:
    """Return whether a text is a path of this host.

    Browsers read `//host`, `/\\host` and `/<tab>/host` as another site (WHATWG URL, 4.4): those are not.
    """
    return _OWN_PATH.fullmatch(text) is not None


def check_prefix(app: Flask) -> None:
    """Raise ConfigurationError if the prefix begins like one of the shop's own paths: it would be ambiguous."""
    first = app.config["PREFIX"].strip("/").partition("/")[0]
    if first and any(rule.rule.strip("/").partition("/")[0] == first for rule in app.url_map.iter_rules()):
        raise ConfigurationError(
            f"STOREFRONT_PREFIX begins with /{first}, which is one of the shop's own paths. Choose another, as /shop."
        )


class PrefixLayer:
    """The WSGI layer that takes the prefix from the path, and refuses requests outside it.

    Args:
        app: the application, for its settings.
        inner: the application or layer behind this one.
    """

    def __init__(self, app: Flask, inner: WSGIApplication) -> None:
        self._inner = inner
        self._prefix: str = app.config["PREFIX"]
        self._trusts_proxy = app.config["TRUSTED_PROXIES"] > 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        if self.mount(environ):
            return self._inner(environ, start_response)
        if environ.get("SCRIPT_NAME"):
            return _answer(start_response, "400 BAD REQUEST", "The shop is not below this path.\n")
        if environ.get("PATH_INFO") == self._prefix:
            query = environ.get("QUERY_STRING")
            target = f"{self._prefix}/{'?' + query if query else ''}"
            return _answer(start_response, "308 PERMANENT REDIRECT", "", ("Location", target))
        return _answer(start_response, "404 NOT FOUND", f"The shop is at {self._prefix}/\n")

    def mount(self, environ: dict[str, Any]) -> bool:
        """Move the prefix from the path into SCRIPT_NAME; return False if the request is not for this shop."""
        root = environ.get("SCRIPT_NAME", "")
        if root == self._prefix:
            return True
        if root:
            return False  # a server believed a header of the client
        path = environ.get("PATH_INFO", "")
        if path.startswith(f"{self._prefix}/"):
            environ["PATH_INFO"] = path[len(self._prefix) :]
        elif path not in _PROBES and not self._is_removed(environ):
            return False
        environ["SCRIPT_NAME"] = self._prefix
        return True

    def _is_removed(self, environ: dict[str, Any]) -> bool:
        """Return whether a trusted proxy says that it has removed the prefix."""
        said = str(environ.get("HTTP_X_FORWARDED_PREFIX", "")).rpartition(",")[2].strip()
        return self._trusts_proxy and said.rstrip("/") == self._prefix


def _answer(
    start_response: StartResponse, status: str, text: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    body = text.encode()
    kind = ("Content-Type", "text/plain; charset=utf-8")
    start_response(
        status, [kind, ("Content-Length", str(len(body))), ("Cache-Control", "no-store"), *headers]
    )
    return [body]
