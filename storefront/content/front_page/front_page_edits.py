"""What a merchant does to the front page: add, change, order, hide, remove, publish and restore sections.

Each change takes the version of what the person saw: of one section, of the order, or of the whole draft. So two
people at once never overwrite each other. Each leaves a version of the draft that can be restored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.content.front_page import page_sections
from storefront.content.front_page.models import ONLY_ID, FrontPage, FrontPageVersion
from storefront.content.front_page.page_sections import MOST_SECTIONS, PageSection
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
    page = _lock(session)
    if page.version:
        raise PageChangedError
    return _save(session, page, tuple(sections), "start")


def add(session: Session, section: PageSection) -> FrontPage:
    """Add a section at the end of the draft.

    Raises:
        PageEditError: the page has as many sections as it can have.
    """

    def append(sections: Sections) -> Sections:
        if len(sections) >= MOST_SECTIONS:
            raise PageEditError(
                _("The page has %(most)d sections: remove one before you add another.", most=MOST_SECTIONS)
            )
        return (*sections, section)

    return _change(session, append, "add")


def change(session: Session, section: PageSection, *, expected: str) -> FrontPage:
    """Save a section in the place of the one with its id. Whether it is hidden stays as it is.

    Raises:
        PageChangedError: it is not the version `expected` any more, or it is gone.
    """

    def put(found: PageSection) -> PageSection:
        return replace(section, hidden=found.hidden)

    return _change(session, lambda all_: _replace(all_, section.id, put, expected), "change")


def set_hidden(session: Session, section_id: str, *, hidden: bool, expected: str) -> FrontPage:
    """Hide a section, or show it again.

    Raises:
        PageChangedError: as `change`.
    """

    def put(found: PageSection) -> PageSection:
        return replace(found, hidden=hidden)

    name = "hide" if hidden else "show"
    return _change(session, lambda all_: _replace(all_, section_id, put, expected), name)


def remove(session: Session, section_id: str, *, expected: str) -> FrontPage:
    """Take a section off the draft; `put_back` undoes it.

    Raises:
        PageChangedError: as `change`.
    """

    def without(sections: Sections) -> Sections:
        _find(sections, section_id, expected)
        return tuple(each for each in sections if each.id != section_id)

    return _change(session, without, "remove")


def put_back(session: Session, section_id: str, number: int) -> FrontPage:
    """Put a removed section back as it was in a version, to its place there.

    Raises:
        PageEditError: the version does not have it, or the page is full.
        PageChangedError: the draft has it already.
    """
    former = _read_version(session, number)
    place = next((n for n, each in enumerate(former) if each.id == section_id), None)
    if place is None:
        raise PageEditError(_("There is no such version of this page."))

    def insert(sections: Sections) -> Sections:
        if any(each.id == section_id for each in sections):
            raise PageChangedError
        if len(sections) >= MOST_SECTIONS:
            raise PageEditError(
                _("The page has %(most)d sections: remove one before you add another.", most=MOST_SECTIONS)
            )
        return (*sections[:place], former[place], *sections[place:])

    return _change(session, insert, "return")


def order(session: Session, places: Mapping[str, int], *, expected: str) -> FrontPage:
    """Order the sections by these places; those of the same place stay as they are.

    Raises:
        PageChangedError: the order is not the version `expected` any more.
    """

    def sort(sections: Sections) -> Sections:
        if page_sections.version_of_order(sections) != expected:
            raise PageChangedError
        return tuple(sorted(sections, key=lambda each: places.get(each.id, MOST_SECTIONS)))

    return _change(session, sort, "order")


def restore(session: Session, number: int, *, expected: int) -> FrontPage:
    """Make a former version the draft; what everybody sees stays as it is.

    Raises:
        PageEditError: there is no such version.
        PageChangedError: the draft is not at version `expected` any more.
    """
    former = _read_version(session, number)
    page = _lock(session)
    if page.version != expected:
        raise PageChangedError
    return _save(session, page, former, "restore")


def publish(session: Session, *, expected: int) -> FrontPage:
    """Show the draft to everybody.

    Raises:
        PageChangedError: the draft is not at version `expected` any more.
    """
    page = _lock(session)
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
    page = _lock(session)
    if page.version != expected:
        raise PageChangedError
    page.published, page.published_version = None, None
    session.flush()
    return page


def _change(session: Session, work: Callable[[Sections], Sections], name: str) -> FrontPage:
    page = _lock(session)
    before = page_sections.decode(page.draft)
    after = work(before)
    return page if after == before else _save(session, page, after, name)


def _replace(
    sections: Sections, section_id: str, work: Callable[[PageSection], PageSection], expected: str
) -> Sections:
    found = _find(sections, section_id, expected)
    return tuple(work(found) if each is found else each for each in sections)


def _find(sections: Sections, section_id: str, expected: str) -> PageSection:
    found = next((each for each in sections if each.id == section_id), None)
    if found is None or page_sections.version_of(found) != expected:
        raise PageChangedError
    return found


def _read_version(session: Session, number: int) -> Sections:
    version = session.get(FrontPageVersion, number)
    if version is None:
        raise PageEditError(_("There is no such version of this page."))
    return page_sections.decode(version.sections)


def _lock(session: Session) -> FrontPage:
    connection = connection_of(session)
    row = {"id": ONLY_ID, "draft": "[]", "version": 0}
    connection.execute(
        insert_function(connection)(FrontPage).on_conflict_do_nothing(index_elements=["id"]), row
    )
    return session.get_one(FrontPage, ONLY_ID, with_for_update=True, populate_existing=True)


def _save(session: Session, page: FrontPage, sections: Sections, name: str) -> FrontPage:
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
