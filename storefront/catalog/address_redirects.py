"""Redirects that the shop sets itself, because somebody gave a page another address or took it away."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront.catalog.models import AddressRedirect
from storefront.catalog.moved_addresses import redirect_key


def set_redirect(session: Session, path: str, target: str) -> None:
    """Lead a path without a page to another path, instead of where it led before."""
    session.merge(AddressRedirect(path=redirect_key(path), target=target))


def remove_redirect(session: Session, path: str) -> None:
    """Remove the redirect at the path that a page has now, if there is one."""
    if stale := session.get(AddressRedirect, redirect_key(path)):
        session.delete(stale)
