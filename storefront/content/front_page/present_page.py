"""The front page that the shop has by itself, as sections to start a draft from."""

from __future__ import annotations

from collections.abc import Iterator

from storefront.catalog.page_data import HomePage, Picture
from storefront.catalog.queries import load_home_page
from storefront.catalog.slugs import category_path
from storefront.content.front_page.page_sections import (
    LEAST_PICTURES,
    MOST_PICTURES,
    GridItem,
    GridSection,
    HeroSection,
    PageSection,
    ProductsSection,
    SectionPicture,
    new_id,
)
from storefront.i18n import format_number, ngettext
from storefront.i18n import gettext as _
from storefront.shop_settings import current

MAX_COUNT = 8


def copy_present_page() -> tuple[PageSection, ...]:
    """Return sections that look like the present page, with its words as they are today."""
    return tuple(_sections(load_home_page()))


def _sections(page: HomePage) -> Iterator[PageSection]:
    newest = page.newest[0] if page.newest else None
    picture = _copy(newest.picture, newest.title) if newest and newest.picture else None
    yield HeroSection(
        id=new_id(),
        heading=_("New at %(shop)s", shop=current().name),
        text=_lead(page),
        button=_("Shop all"),
        link="/products",
        picture=picture,
    )
    items = tuple(
        GridItem(_copy(each.picture, ""), each.name, category_path(each.path))
        for each in page.categories
        if each.picture
    )[:MOST_PICTURES]
    if len(items) >= LEAST_PICTURES:
        yield GridSection(id=new_id(), heading=_("Shop by category"), items=items)
    yield ProductsSection(id=new_id(), heading=_("New in"), count=MAX_COUNT)


def _lead(page: HomePage) -> str:
    total = page.navigation.products
    return ngettext("%(number)s product", "%(number)s products", total, number=format_number(total))


def _copy(picture: Picture, alt: str) -> SectionPicture:
    return SectionPicture(picture.digest, picture.width, picture.height, picture.alt or alt)
