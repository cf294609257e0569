"""Read the front page as everybody sees it, from the cache, and its draft as the preview shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from storefront import cache, moments
from storefront.catalog.models import ROOT_PATH, RenditionSet
from storefront.catalog.navigation import load_navigation
from storefront.catalog.page_data import NO_NAVIGATION, RENDITION_COLUMNS, Navigation, Picture
from storefront.content.front_page import page_sections, section_texts
from storefront.content.front_page.models import FrontPage
from storefront.content.front_page.page_sections import PageSection, ProductsSection, SectionPicture
from storefront.content.front_page.product_shelves import ProductShelf, load_shelves
from storefront.extensions import db
from storefront.shop_cache import keys


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section with what the shop adds: its pictures in their renditions, and its products."""

    kind: str
    section: PageSection
    pictures: list[Picture] = field(default_factory=list)
    shelf: ProductShelf = field(default_factory=ProductShelf)


@dataclass(frozen=True, slots=True)
class OwnFrontPage:
    """The merchant's own front page; `is_published` is false if the shop shows the one that it has by itself."""

    is_published: bool = False
    navigation: Navigation = NO_NAVIGATION
    sections: list[ShownSection] = field(default_factory=list)


def fetch_front_page() -> OwnFrontPage:
    """Return the published front page, from the cache or with at most five statements."""
    return cache.fetch(keys.front_page(), OwnFrontPage, _read_published)


def build_preview() -> OwnFrontPage:
    """Return the page of the draft in the present language, also with sections whose time has not come yet."""
    sections, now = _read_shown(FrontPage.draft) or [], moments.now()
    return _build([each for each in sections if not _has_ended(each, now)], now)


def _read_published() -> OwnFrontPage:
    cache.depends_on(keys.FRONT_PAGE)
    sections, now = _read_shown(FrontPage.published), moments.now()
    if sections is None:
        return OwnFrontPage()
    _bound(sections, now)
    return _build([each for each in sections if is_shown(each, now)], now)


def _read_shown(column: InstrumentedAttribute[Any]) -> list[PageSection] | None:
    """Return the sections of a column that are not hidden, in the present language; None if it has none."""
    stored, texts = section_texts.read_sections(column)
    if stored is None:
        return None
    sections = (each for each in page_sections.decode(stored) if not each.hidden)
    return [section_texts.translate_section(each, texts) for each in sections]


def is_shown(section: PageSection, now: datetime) -> bool:
    """Return whether a section that is not hidden is shown at this moment."""
    return (section.shown_from is None or section.shown_from <= now) and not _has_ended(section, now)


def _has_ended(section: PageSection, now: datetime) -> bool:
    return section.shown_until is not None and section.shown_until <= now


def _bound(sections: Sequence[PageSection], now: datetime) -> None:
    """Let the page that is being built end when the next section comes or goes."""
    for moment in (moment for each in sections for moment in (each.shown_from, each.shown_until)):
        if moment is not None and moment > now:
            cache.valid_until(moment)


def _build(sections: Sequence[PageSection], now: datetime) -> OwnFrontPage:
    navigation, root_id = load_navigation(ROOT_PATH)
    of_products = [each for each in sections if isinstance(each, ProductsSection)]
    shelves = dict(
        zip((each.id for each in of_products), load_shelves(of_products, root_id, now), strict=True)
    )
    found = _load_pictures([picture for each in sections for picture in page_sections.pictures_of(each)])
    shown = [
        ShownSection(
            page_sections.kind_of(each),
            each,
            [found[picture] for picture in page_sections.pictures_of(each)],
            shelves.get(each.id, ProductShelf()),
        )
        for each in sections
        if each.id not in shelves or shelves[each.id].cards
    ]
    return OwnFrontPage(True, navigation, shown)


def _load_pictures(pictures: Sequence[SectionPicture]) -> dict[SectionPicture, Picture]:
    """Return these pictures with the renditions that they have. One statement; without pictures none."""
    if not pictures:
        return {}
    query = select(RenditionSet.digest, *RENDITION_COLUMNS)
    rows = db.session.execute(query.where(RenditionSet.digest.in_({each.digest for each in pictures})))
    made = {row.digest: row for row in rows}
    return {each: Picture.with_renditions(each, each.alt, made.get(each.digest)) for each in pictures}
