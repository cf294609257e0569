"""What keeps the shop from working as it should, in a merchant's words: the cheap facts of `flask doctor`.

No network is asked. That the checkout is closed stands on every page of the back office.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import current_app, url_for
from sqlalchemy import func, select

from storefront import launch
from storefront.accounts import staff_roles
from storefront.accounts.models import User
from storefront.app_state import Hook
from storefront.cdn.status import read_status
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.i18n import ngettext
from storefront.launch import Progress
from storefront.mail import transport
from storefront.mail.queue import QueuedMail
from storefront.web.staff_access import may
from storefront.web.theme import current_theme

LATE = 60  # seconds after which a proxy or CDN should have heard of a change


@dataclass(frozen=True, slots=True)
class ShopWarning:
    """A sentence, and where the person mends it: an address with its name, "" if their role cannot open it."""

    sentence: str
    url: str = ""
    label: str = ""


more_warnings = Hook[[], Iterable[ShopWarning]]("shop_warnings.more")
"""Fires on the first page: what rooms above have to say to the person."""


def list_warnings() -> list[ShopWarning]:
    """Return what the current person should know; one statement, and one more with a proxy or CDN that is told."""
    return [
        *_mail_and_owner(),
        *_edge(),
        *_theme(),
        *(one for found in more_warnings.fire() for one in found),
    ]


def list_step_warnings(progress: Progress | None) -> list[ShopWarning]:
    """Return what a shop in production should not be without; nothing for those who cannot mend it."""
    missing = launch.missing_in_production(progress) if progress else ()
    return [ShopWarning(step.advice, url_for(step.places[0][0]), step.places[0][1]) for step in missing]


def _mail_and_owner() -> Iterator[ShopWarning]:
    refused = select(func.count()).where(QueuedMail.attempts > 0).scalar_subquery()
    owner = select(User.id).where(staff_roles.is_owner()).exists()
    letters, has_owner = db.session.execute(select(refused, owner)).one()
    system = (url_for("ops.dashboard"), _("System")) if may("system:read") else ("", "")
    if not current_app.config["SMTP_URL"] and not transport.stores_mail():
        yield ShopWarning(
            _("Letters can’t be sent: the shop has no mail server. Customers get no confirmations."), *system
        )
    if letters:
        yield ShopWarning(
            ngettext(
                "%(num)d letter could not be sent yet. It is tried again for an hour.",
                "%(num)d letters could not be sent yet. They are tried again for an hour.",
                letters,
            ),
            *system,
        )
    if not has_owner:
        staff = (url_for("admin_staff.everybody"), _("Staff")) if may("staff:read") else ("", "")
        yield ShopWarning(_("The shop has no owner, so nobody can invite people or change roles."), *staff)


def _edge() -> Iterator[ShopWarning]:
    if any(status.waiting and status.oldest > LATE for status in read_status()):
        cache = (url_for("cache.dashboard"), _("Cache")) if may("system:read") else ("", "")
        yield ShopWarning(
            _("The network before the shop still shows old pages: it has not confirmed your last changes."),
            *cache,
        )


def _theme() -> Iterator[ShopWarning]:
    if current_theme(current_app).problems:
        system = (url_for("ops.dashboard"), _("System")) if may("system:read") else ("", "")
        yield ShopWarning(
            _("A part of your shop’s theme is not used, because it contains a mistake."), *system
        )
