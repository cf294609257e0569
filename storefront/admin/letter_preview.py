"""Previews of letters: a page for a frame, in which nothing runs and nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

from markupsafe import escape
from werkzeug.wrappers import Response

from storefront.mail.messages import MailText, build_message
from storefront.web.common_headers import HEADERS
from storefront.web.language_routes import use_locale
from storefront.web.private import private_page

_POLICY = "Content-Security-Policy"
_STYLE = re.compile(r'\sstyle="([^"]*)"')


def render_preview(text: MailText | None, problem: str = "") -> Response:
    """Return a letter as HTML for the frame of its page, or the sentence about what is wrong with its words."""
    if text is None:
        return _in_frame(f"<!doctype html><title>-</title><p>{escape(problem)}</p>", 422)
    with use_locale(text.locale):
        body = build_message("robin@example.com", text, "sample").get_body(("html",))
    return _in_frame(body.get_content() if body else "")


def with_frames(response: Response) -> Response:
    """Let a page of the back office show frames with other pages of the shop; return it."""
    response.headers[_POLICY] = f"{HEADERS[_POLICY]}; frame-src 'self'"
    return response


def _in_frame(html: str, status: int = 200) -> Response:
    response = private_page(html, status)
    response.headers[_POLICY] = "; ".join(
        (
            "default-src 'none'",
            f"style-src {_list_styles(html)}",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "sandbox",
        )
    )
    return response


def _list_styles(html: str) -> str:
    """Return the sources of the letter's own style attributes (CSP 3, 8.3): each by its hash, and no other."""
    styles = {unescape(style).encode() for style in _STYLE.findall(html)}
    hashes = (base64.b64encode(hashlib.sha256(style).digest()).decode() for style in styles)
    return " ".join(("'unsafe-hashes'", *sorted(f"'sha256-{each}'" for each in hashes)))
