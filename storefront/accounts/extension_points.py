"""What other rooms add to accounts: pages, parts of the data export, and clean-up when an account is deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront.app_state import AppState, Hook
from storefront.i18n import lazy_gettext as _

account_deleted = Hook[[Session, int], None]("accounts.account_deleted")
"""Fires in the transaction that deletes an account, before the row goes, with the account's id."""

access_ended = Hook[[Session, int], None]("accounts.access_ended")
"""Fires in the transaction that ends all sign-ins of a member of the staff, with the account's id."""

# Returns the part of a person's data that a room keeps, as JSON can hold it; takes the account's id.
Exporter = Callable[[int], Any]


@dataclass(slots=True)
class _Additions:
    pages: list[tuple[str, str]] = field(
        default_factory=lambda: [
            ("accounts.overview", _("Profile")),
            ("addresses.book", _("Addresses")),
            ("devices.devices", _("Devices")),
            ("security.overview", _("Security")),
            ("activity.events", _("Activity")),
        ]
    )
    exporters: dict[str, Exporter] = field(default_factory=dict)


_additions = AppState[_Additions]("accounts.additions")


def add_page(app: Flask, endpoint: str, label: str) -> None:
    """Add another room's page to the account's navigation, before the addresses."""
    _additions.setdefault(app, _Additions()).pages.insert(1, (endpoint, label))


def account_pages() -> Sequence[tuple[str, str]]:
    """Return the account's navigation: endpoints and labels in order."""
    return _additions.setdefault(current_app, _Additions()).pages


def add_export(app: Flask, name: str, export: Exporter) -> None:
    """Add what a room keeps of a person to the data export, as the member `name`."""
    _additions.setdefault(app, _Additions()).exporters[name] = export


def export_additions(user_id: int) -> dict[str, Any]:
    """Return what the other rooms keep of a person, by the names that they chose."""
    exporters = _additions.setdefault(current_app, _Additions()).exporters
    return {name: export(user_id) for name, export in exporters.items()}
