"""The functions that all pages of the back office share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, render_template, request
from werkzeug.wrappers import Response

from storefront.accounts import User
from storefront.i18n import lazy_gettext
from storefront.web.forms import Form
from storefront.web.permissions import ROLE_LABELS
from storefront.web.private import private_page

# The notice that a page shows after a redirect, by the parameter `said` of its URL.
NOTICES = {
    "saved": lazy_gettext("Saved."),
    "deleted": lazy_gettext("Deleted."),
    "unchanged": lazy_gettext("No cell was changed."),
    "invited": lazy_gettext("The invitation is on its way. It is valid for a week."),
    "withdrawn": lazy_gettext("The invitation no longer works."),
    "applied": lazy_gettext("Applied. You can undo it."),
    "undone": lazy_gettext("Undone."),
    "stopped": lazy_gettext("Stopped. What was done stays; you can go on, or undo it."),
    "restored": lazy_gettext("It is back."),
    "discarded": lazy_gettext("Discarded. Nothing was changed."),
    "demo-removed": lazy_gettext("The demo is gone."),
    "letter-queued": lazy_gettext("The test letter is on its way to your address."),
    "letter-stored": lazy_gettext("The test letter is a file in instance/mail/."),
    "copied": lazy_gettext("Copied as a draft. Its stock starts at 0."),
}


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page of the back office; with status 422 if one of its forms has errors."""
    forms = [value for value in context.values() if isinstance(value, Form)]
    has_errors = any(form.errors for form in forms)
    said = NOTICES.get(request.args.get("said", ""))
    body = render_template(f"admin/{template}", **{"said": said, "wrong": has_errors} | context)
    return private_page(body, 422 if has_errors and status == 200 else status)


@dataclass(frozen=True, slots=True)
class Person:
    """The person who is signed in, as the header shows them: name or e-mail, and role."""

    name: str
    role: str


def remember_person(user: User) -> None:
    """Keep what the header shows of the person who is signed in, until the end of the request."""
    role = next((label for name, label in ROLE_LABELS.items() if name == user.staff_role), "")
    g.office_person = Person(user.name or user.email, str(role))


def current_person() -> Person:
    """Return the person who is signed in; empty texts on an error page that nobody is signed in to."""
    found: Person = g.get("office_person") or Person("", "")
    return found
