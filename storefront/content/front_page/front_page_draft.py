"""The draft of the front page: begun, restored, published and withdrawn as a whole; each change leaves a version.

A change takes the version of the draft that the person saw, so that two people at once never overwrite each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.content.front_page import page_sections
from storefront.content.front_page.models import ONLY_ID, FrontPage, FrontPageVersion
from storefront.content.front_page.page_sections import PageSection
from storefront.content.page_edits import PageChangedError, PageEditError
from storefront.content.page_pictures import remember_pictures
from storefront.extensions import connection_of, insert_function
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext

Sections = tuple[PageSection, ...]
# What a version did, for the list of versions.
CHANGES: Mapping[str, str] = {
    "start": lazy_gettext("Begun"),
    "add": lazy_gettext("Section added"),
    "change": lazy_gettext("Section changed"),
    "remove": lazy_gettext("Section removed"),
    "return": lazy_gettext("Section put back"),
    "order": lazy_gettext("Order changed"),
    "hide": lazy_gettext("Section hidden"),
    "show": lazy_gettext("Section shown"),
    "restore": lazy_gettext("Earlier version restored"),
}


def start(session: Session, sections: Sequence[PageSection]) -> FrontPage:
    """Begin the draft with these sections.

    Raises:
        PageChangedError: it has been begun already.
    """
    page = lock(session)
    if page.version:
        raise PageChangedError
    return save(session, page, tuple(sections), "start")


def restore(session: Session, number: int, *, expected: int) -> FrontPage:
    """Make a former version the draft; what everybody sees stays as it is.

    Raises:
        PageEditError: there is no such version.
        PageChangedError: the draft is not at version `expected` any more.
    """
    former = read_version(session, number)
    page = lock(session)
    if page.version != expected:
        raise PageChangedError
    return save(session, page, former, "restore")


def publish(session: Session, *, expected: int) -> FrontPage:
    """Show the draft to everybody.

    Raises:
        PageChangedError: the draft is not at version `expected` any more.
    """
    page = lock(session)
    if page.version != expected or not page.version:
        raise PageChangedError
    page.published, page.published_version = page.draft, page.version
    session.flush()
    return page


def withdraw(session: Session, *, expected: int) -> FrontPage:
    """Show everybody the page that the shop has by itself; the draft stays.

    Raises:
        PageChangedError: the draft is not at version `expected` any more.
    """
    page = lock(session)
    if page.version != expected:
        raise PageChangedError
    page.published, page.published_version = None, None
    session.flush()
    return page


def lock(session: Session) -> FrontPage:
    """Return the front page for a change: nobody else changes it until the transaction ends."""
    connection = connection_of(session)
    row = {"id": ONLY_ID, "draft": "[]", "version": 0}
    connection.execute(
        insert_function(connection)(FrontPage).on_conflict_do_nothing(index_elements=["id"]), row
    )
    return session.get_one(FrontPage, ONLY_ID, with_for_update=True, populate_existing=True)


def save(session: Session, page: FrontPage, sections: Sections, name: str) -> FrontPage:
    """Make these sections the draft, and a version of it; `name` is a key of `CHANGES`."""
    page.draft = page_sections.encode(sections)
    page.version += 1
    session.add(
        FrontPageVersion(
            number=page.version, sections=page.draft, change=name, actor=actor_text(), at=datetime.now(UTC)
        )
    )
    remember_pictures(session, [picture for each in sections for picture in page_sections.pictures_of(each)])
    session.flush()
    return page


def read_version(session: Session, number: int) -> Sections:
    """Return the sections of a version.

    Raises:
        PageEditError: there is no such version.
    """
    version = session.get(FrontPageVersion, number)
    if version is None:
        raise PageEditError(_("There is no such version of this page."))
    return page_sections.decode(version.sections)
