"""Filters of lists in the back office that a person keeps under a name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storefront.accounts.models import SavedFilter, User
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.unicode_text import clean_line, is_invisible

MAX_NAME = 60
MAX_QUERY = 4000
MOST = 30  # of one person for one list


class SavedFilterError(StorefrontError):
    """The filter cannot be saved; the text says why."""

    status = 422


def list_saved_filters(user_id: int, page: str) -> Sequence[SavedFilter]:
    """Return what a person has saved for a list, by name. One statement."""
    mine = (SavedFilter.user_id == user_id) & (SavedFilter.page == page)
    return db.session.execute(select(SavedFilter).where(mine).order_by(SavedFilter.name)).scalars().all()


def save_filter(session: Session, user_id: int, page: str, name: str, query: str) -> None:
    """Save a filter; one of the same name is replaced.

    Raises:
        SavedFilterError: the name is empty or too long, nothing is filtered, or the person has too many.
    """
    name = clean_line(name)
    if is_invisible(name) or len(name) > MAX_NAME:
        raise SavedFilterError(
            _("Enter a name for the filter with at most %(most)d characters.", most=MAX_NAME)
        )
    if not query or len(query) > MAX_QUERY:
        raise SavedFilterError(_("Choose a filter first, then save it."))
    # Locks the person, so that two forms at once cannot save the same name twice.
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    mine = (SavedFilter.user_id == user_id) & (SavedFilter.page == page)
    found = session.execute(select(SavedFilter).where(mine, SavedFilter.name == name)).scalar_one_or_none()
    if found is not None:
        found.query = query
        return
    if session.execute(select(func.count(SavedFilter.id)).where(mine)).scalar_one() >= MOST:
        raise SavedFilterError(_("You have %(most)d saved filters. Remove one first.", most=MOST))
    session.add(SavedFilter(user_id=user_id, page=page, name=name, query=query))


def remove_saved_filter(session: Session, user_id: int, filter_id: int) -> None:
    """Remove one of a person's filters; nothing happens if it is gone, or of somebody else."""
    session.execute(delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == user_id))
