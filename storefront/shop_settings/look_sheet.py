"""/look/….css: the merchant's colours, corners and fonts, as values of the tokens of static/css/tokens.css.

The address has a digest of the content, so a browser keeps a sheet for ever, and a change has another address. A shop
that has changed nothing has no such sheet, and its pages name none.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from flask import Blueprint, Flask, Response, current_app, request

from storefront.config import accent
from storefront.config.accent import Scheme
from storefront.config.shop_table import Corners, ShopSettings, Typeface
from storefront.shop_settings.current_settings import current
from storefront.web.static_files import FOREVER

bp = Blueprint("look", __name__, cli_group=None)

CORNERS: dict[Corners, tuple[str, str]] = {
    "soft": ("3px", "6px"),
    "sharp": ("0", "0"),
    "round": ("8px", "14px"),
}
_ROUNDED = (
    'ui-rounded, "SF Pro Rounded", "Hiragino Maru Gothic ProN", "Arial Rounded MT Bold", Nunito, Quicksand, '
    "system-ui, sans-serif"
)
# The tokens that each typeface changes; the stacks --serif and --sans are those of tokens.css.
TYPEFACES: dict[Typeface, dict[str, str]] = {
    "classic": {},
    "sans": {"serif": "system-ui, sans-serif"},
    "serif": {"sans": "var(--serif)"},
    "rounded": {"serif": _ROUNDED, "sans": _ROUNDED},
}


@bp.get("/look/<digest>.css")
def sheet(digest: str) -> Response:
    """Serve the style sheet as it is now; only the address with its digest is kept for ever."""
    css = make_sheet(current())
    response = Response(css, mimetype="text/css")
    exact = digest == _digest(css)
    response.headers["Cache-Control"] = FOREVER if exact else "no-cache"
    response.set_etag(_digest(css))
    response.make_conditional(request)
    return response


def find_sheet() -> str:
    """Return the URL of the style sheet; empty if the shop looks as it came."""
    return url_of(current_app, current())


def url_of(app: Flask, settings: ShopSettings) -> str:
    """Return the URL of the style sheet of these settings; empty if they leave the look as it came."""
    css = make_sheet(settings)
    return f"{app.config['PREFIX'] or ''}/look/{_digest(css)}.css" if css else ""


def make_sheet(settings: ShopSettings) -> str:
    """Return the rules of the style sheet; empty if nothing is changed."""
    return _make(settings.accent_color, settings.accent_color_dark, settings.corners, settings.typeface)


@lru_cache(maxsize=16)
def _make(light: str, dark: str, corners: Corners, typeface: Typeface) -> str:
    small, medium = CORNERS[corners]
    shape = {} if corners == "soft" else {"radius-s": small, "radius-m": medium}
    dark = dark or (accent.dark_accent(light) if light else "")
    rules = (
        _rule("", shape | TYPEFACES[typeface]),
        # Print is black on white, as tokens.css has it.
        _rule("screen and (prefers-color-scheme: light)", _colors(light, "light")),
        _rule("screen and (prefers-color-scheme: dark)", _colors(dark, "dark")),
    )
    css = "".join(rules)
    return f"@layer tokens{{{css}}}\n" if css else ""


def _colors(color: str, scheme: Scheme) -> dict[str, str]:
    if not color:
        return {}
    made = accent.make_colors(color, scheme)
    return {
        "accent": made.accent,
        "accent-strong": made.strong,
        "accent-wash": made.wash,
        "on-accent": made.on_accent,
    }


def _rule(media: str, tokens: dict[str, str]) -> str:
    values = "".join(f"--{name}:{value};" for name, value in tokens.items())
    rule = f":root{{{values}}}" if values else ""
    return f"@media {media}{{{rule}}}" if rule and media else rule


def _digest(css: str) -> str:
    return hashlib.sha256(css.encode()).hexdigest()[:12]
