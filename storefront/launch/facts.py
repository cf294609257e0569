"""The facts from which the steps tick themselves off: settings, terms of sale, and one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, exists, func, select

from storefront import shop_settings
from storefront.catalog.models import Product
from storefront.checkout.terms import current_terms
from storefront.config import ShopSettings
from storefront.content.models import ContentPage
from storefront.demo import catalogue
from storefront.demo.choice import DemoChoice
from storefront.extensions import db
from storefront.launch.models import LaunchState

# What the law asks for nearly everywhere; their kinds are those of the drafts (`content.starting_drafts`).
LEGAL_PAGES = ("imprint", "terms", "privacy")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of this shop.

    Attributes:
        has_name: whether it has another name than the demo's.
        has_country: whether the merchant has said where the shop is.
        own_terms: the parts of the terms of sale that are not the demo's: "delivery", "tax" and "payment".
        legal_pages: how many of `LEGAL_PAGES` are published.
        has_product: whether there is a product that is not the demo's.
        has_demo: whether the demo is in the shop, and nobody has removed it.
        has_tested_letter: whether somebody has sent a test letter.
        is_hidden: whether somebody has hidden the steps.
    """

    has_name: bool
    has_country: bool
    own_terms: Collection[str]
    legal_pages: int
    has_product: bool
    has_demo: bool
    has_tested_letter: bool
    is_hidden: bool


def read_facts() -> Facts:
    """Return the facts, with one statement when the settings are known."""
    settings, row = shop_settings.current(), _read_row()
    return Facts(
        has_name=settings.name != ShopSettings.from_values({}).name,
        has_country=bool(settings.country),
        own_terms=_own_terms(),
        legal_pages=row.legal_pages,
        has_product=row.has_product,
        has_demo=row.has_demo and row.demo_choice not in ("removed", "declined"),
        has_tested_letter=row.letter_tested_at is not None,
        is_hidden=bool(row.is_hidden),
    )


def _read_row() -> Row[Any]:
    slugs, now = demo_slugs(), datetime.now(UTC)
    state = (
        select(LaunchState.is_hidden).scalar_subquery(),
        select(LaunchState.letter_tested_at).scalar_subquery(),
    )
    pages = select(func.count(func.distinct(ContentPage.kind))).where(
        ContentPage.kind.in_(LEGAL_PAGES), ContentPage.published_at <= now
    )
    return db.session.execute(
        select(
            pages.scalar_subquery().label("legal_pages"),
            exists().where(Product.slug.not_in(slugs)).label("has_product"),
            exists().where(Product.slug.in_(slugs)).label("has_demo"),
            select(DemoChoice.choice).scalar_subquery().label("demo_choice"),
            state[0].label("is_hidden"),
            state[1].label("letter_tested_at"),
        )
    ).one()


def _own_terms() -> set[str]:
    origins = current_terms().origins
    return {part for part, origin in origins.items() if origin in ("stored", "file")}


@cache
def demo_slugs() -> tuple[str, ...]:
    """Return the addresses of the demo's products."""
    return tuple(item.slug for item in catalogue.read_products())
