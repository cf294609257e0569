"""What a merchant does to the sections of the front page: add, change, order, hide, remove and put them back.

A change takes the version of what the person saw: of one section, or of the order. So two people at once never
overwrite each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace
from sqlalchemy.orm import Session

from storefront.content.front_page import page_sections
from storefront.content.front_page.front_page_draft import Sections, lock, read_version, save
from storefront.content.front_page.models import FrontPage
from storefront.content.front_page.page_sections import MOST_SECTIONS, PageSection
from storefront.content.page_edits import PageChangedError, PageEditError
from storefront.i18n import gettext as _
from storefront.list_order import arrange


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
    former = read_version(session, number)
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
    """Put sections at places, counted from 1.

    Raises:
        PageChangedError: the order is not the version `expected` any more.
    """

    def sort(sections: Sections) -> Sections:
        if page_sections.version_of_order(sections) != expected:
            raise PageChangedError
        by_id = {each.id: each for each in sections}
        return tuple(by_id[key] for key in arrange(list(by_id), places))

    return _change(session, sort, "order")


def _change(session: Session, work: Callable[[Sections], Sections], name: str) -> FrontPage:
    page = lock(session)
    before = page_sections.decode(page.draft)
    after = work(before)
    return page if after == before else save(session, page, after, name)


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
