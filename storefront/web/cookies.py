"""The names and attributes of the shop's cookies.

Browsers keep the cookies of a host together, whatever the port and mostly whatever the path. So the names end with a
part that belongs to the shop: two shops on one host do not overwrite each other's baskets and sign-ins. By default it
is derived from the secret key and the prefix, so that all workers and hosts of a shop use the same names.
Visitors may still have cookies under the names without that ending, from an earlier version (`read_former`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from flask import Flask
from werkzeug.sansio.http import parse_cookie

from storefront.app_state import AppState

# The value of STOREFRONT_COOKIE_NAME for names without an ending.
PLAIN = "plain"
HINT_COOKIE = "shopper"
HINT_MAX_AGE = 365 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class _Naming:
    """How this shop names its cookies: their ending, their path, and whether it is always served over TLS."""

    ending: str
    path: str
    always_secure: bool


_naming = AppState[_Naming]("web.cookies")


def init_app(app: Flask) -> None:
    """Read the settings, and tell templates the names of the cookies that scripts use."""
    config = app.config
    chosen = config["COOKIE_NAME"] or _derive(config["SECRET_KEY"], config["PREFIX"])
    ending = "" if chosen == PLAIN else f"-{chosen}"
    _naming.set(app, _Naming(ending, config["COOKIE_PATH"], config["ENV"] == "production"))
    app.context_processor(lambda: {"cookie_ending": ending, "cookie_path": config["COOKIE_PATH"]})


def name_of(app: Flask, environ: Mapping[str, Any], base: str) -> str:
    """Return a cookie's name.

    Over TLS it begins with `__Host-`, so that only this host can set it, over TLS; with a path of its own only
    `__Secure-` is possible (RFC 6265bis, 4.1.3).
    """
    naming = _naming.get(app)
    prefix = "" if not _is_secure(app, environ) else "__Host-" if naming.path == "/" else "__Secure-"
    return f"{prefix}{base}{naming.ending}"


def script_name(app: Flask, base: str) -> str:
    """Return the name of a cookie that scripts read: it has no prefix."""
    return f"{base}{_naming.get(app).ending}"


def set_hint(app: Flask, environ: Mapping[str, Any], response: Any) -> None:
    """Set the cookie that tells the page's script that a request to /me is worth it.

    Scripts can read it; it holds nothing about the person. It lives for a year.
    """
    name = script_name(app, HINT_COOKIE)
    response.set_cookie(name, "1", max_age=HINT_MAX_AGE, **attributes(app, environ))


def former_name(app: Flask, environ: Mapping[str, Any], base: str) -> str:
    """Return the name that an earlier version gave a cookie."""
    return f"__Host-{base}" if _is_secure(app, environ) else base


def attributes(app: Flask, environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes with which a cookie is set and deleted."""
    return {"secure": _is_secure(app, environ), "samesite": "Lax", "path": _naming.get(app).path}


def read(app: Flask, environ: Mapping[str, Any], base: str) -> str:
    """Return the value of a cookie of the request; empty if it is missing."""
    # Most requests for cached pages have no cookie; a name costs as much as the rest of such a request's identity.
    return _read(environ, name_of(app, environ, base)) if "HTTP_COOKIE" in environ else ""


def read_former(app: Flask, environ: Mapping[str, Any], base: str) -> str:
    """Return the value of a cookie under the name of an earlier version; empty if there is none.

    It may be another shop's: the caller has to check it.
    """
    if "HTTP_COOKIE" not in environ:
        return ""
    name = former_name(app, environ, base)
    return "" if name == name_of(app, environ, base) else _read(environ, name)


def delete_former(app: Flask, environ: Mapping[str, Any], base: str, response: Any) -> None:
    """Delete a cookie under the name of an earlier version with this response."""
    flags = attributes(app, environ) | {"path": "/"}
    response.delete_cookie(former_name(app, environ, base), httponly=True, **flags)


def _derive(secret: str, prefix: str) -> str:
    return blake2b(f"{secret}{prefix}".encode(), digest_size=4).hexdigest()


def _is_secure(app: Flask, environ: Mapping[str, Any]) -> bool:
    return environ.get("wsgi.url_scheme") == "https" or _naming.get(app).always_secure


def _read(environ: Mapping[str, Any], name: str) -> str:
    sent = environ.get("HTTP_COOKIE", "")
    # Parsed like `request.cookies`: a cookie that is not valid UTF-8 counts as missing and raises nothing.
    return parse_cookie(sent).get(name, "") if f"{name}=" in sent else ""
