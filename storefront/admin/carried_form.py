"""A form that was sent after the sign-in had ended: carried along to the sign-in page, and offered to be sent again.

The session holds it meanwhile. Files are not carried: the page says which ones have to be chosen again.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, redirect, session, url_for
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.admin.pages import render_page
from storefront.admin.sent_form import SentForm, read_sent_form
from storefront.rate_limiting import limit
from storefront.web.staff_access import staff_required

bp = Blueprint("admin_carried_form", __name__, cli_group=None)

_KEY = "carried_form"
_INNER = ("made_from", "seen", "shown", "do")  # fields that the page fills in
MOST_SHOWN = 10  # texts
# Characters of names and values. A stranger's session must not fill the memory of Redis; who has signed in on this
# browser before may carry a whole product.
MOST_OF_STRANGERS, MOST = 16_000, 1_000_000


def store() -> str | None:
    """Keep the current request's form; return the path that offers it after the sign-in, None if it is too large."""
    sent = read_sent_form()
    if sent.size > (MOST if accounts.is_known_device() else MOST_OF_STRANGERS):
        return None
    session[_KEY] = asdict(sent)
    return url_for("admin_carried_form.show")


@bp.get("/admin/carried-form")
@limit("staff")
@staff_required
def show() -> Response:
    """Offer the form that was sent when nobody was signed in; without one, go on to the first page."""
    carried: dict[str, Any] | None = session.get(_KEY)
    if carried is None:
        return redirect(url_for("admin_home.show"), 303)
    sent = SentForm(**carried)
    return render_page("carried-form.html", sent=sent, shown=_typed_texts(sent))


def is_waiting() -> bool:
    """Return whether a form is carried that the person has neither sent again nor discarded."""
    return _KEY in session


def _typed_texts(sent: SentForm) -> list[str]:
    """Return what people recognise their form by: its texts, the longest first, without codes, numbers and hashes."""
    texts = {
        value.strip()
        for name, value in sent.fields
        if not name.startswith(_INNER) and "key" not in name and any(map(str.isalpha, value))
    }
    return sorted(texts, key=lambda text: (-len(text), text))[:MOST_SHOWN]


@bp.post("/admin/carried-form/removal")
@limit("staff")
@staff_required
def remove() -> Response:
    """Forget the carried form."""
    session.pop(_KEY, None)
    return redirect(url_for("admin_home.show"), 303)
