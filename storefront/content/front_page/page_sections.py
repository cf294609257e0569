"""The sections of a front page: six kinds, as they are stored (JSON) and checked.

A section holds only what the merchant chose. Products, prices and renditions of pictures are read when it is shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from storefront.i18n import lazy_gettext
from storefront.web.prefix import add_prefix

MOST_SECTIONS = 20
MAX_HEADING, MAX_LEAD, MAX_BUTTON, MAX_LINK = 120, 400, 40, 500  # characters
MAX_QUOTE, MAX_AUTHOR, MAX_CAPTION, MAX_ALT, MAX_BODY = 600, 100, 80, 500, 20_000
LEAST_PICTURES, MOST_PICTURES = 2, 6  # of a grid
LEAST_PRODUCTS, MOST_PRODUCTS = 2, 12

ProductSource = Literal["newest", "best", "category", "collection"]
Side = Literal["start", "end"]


class SectionPicture(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stored picture; width and height are of its source, in pixels. An empty `alt`: it only decorates."""

    digest: str
    width: int
    height: int
    alt: str = ""


class GridItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture of a grid, with what it says and where it leads; both may be empty."""

    picture: SectionPicture
    caption: str = ""
    link: str = ""


class _Section(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="kind"):
    """What all kinds have: `id` never changes; hidden, or shown only from and until a moment."""

    id: str
    hidden: bool = False
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    heading: str = ""


class HeroSection(_Section, frozen=True, omit_defaults=True, kw_only=True, tag="hero"):
    """A large heading with a sentence, a button and a picture."""

    text: str = ""
    button: str = ""
    link: str = ""
    picture: SectionPicture | None = None


class ProductsSection(_Section, frozen=True, omit_defaults=True, kw_only=True, tag="products"):
    """A row of products. `place` is the id of the category or collection that they come from."""

    source: ProductSource = "newest"
    place: int | None = None
    count: int = 4


class StorySection(_Section, frozen=True, omit_defaults=True, kw_only=True, tag="story"):
    """A text beside a picture, which is at the start or the end of the line."""

    body_html: str = ""
    button: str = ""
    link: str = ""
    side: Side = "start"
    picture: SectionPicture | None = None


class GridSection(_Section, frozen=True, omit_defaults=True, kw_only=True, tag="grid"):
    """Two to six pictures side by side."""

    items: tuple[GridItem, ...] = ()


class QuoteSection(_Section, frozen=True, omit_defaults=True, kw_only=True, tag="quote"):
    """What somebody said, and who."""

    text: str = ""
    author: str = ""


class TextSection(_Section, frozen=True, omit_defaults=True, kw_only=True, tag="text"):
    """A text with headings, lists and links."""

    body_html: str = ""


PageSection = HeroSection | ProductsSection | StorySection | GridSection | QuoteSection | TextSection
KINDS: Mapping[str, type[PageSection]] = {
    "hero": HeroSection,
    "products": ProductsSection,
    "story": StorySection,
    "grid": GridSection,
    "quote": QuoteSection,
    "text": TextSection,
}
KIND_NAMES: Mapping[str, str] = {
    "hero": lazy_gettext("Large heading with picture"),
    "products": lazy_gettext("Row of products"),
    "story": lazy_gettext("Text with picture"),
    "grid": lazy_gettext("Pictures side by side"),
    "quote": lazy_gettext("Quote"),
    "text": lazy_gettext("Text"),
}
_DECODER = msgspec.json.Decoder(tuple[PageSection, ...])


def encode(sections: Sequence[PageSection]) -> str:
    """Return sections as they are stored."""
    return msgspec.json.encode(sections).decode()


def decode(text: str) -> tuple[PageSection, ...]:
    """Return stored sections."""
    return _DECODER.decode(text)


def kind_of(section: PageSection) -> str:
    """Return the kind of a section, a key of KINDS."""
    return str(section.__struct_config__.tag)


def new_id() -> str:
    """Return an id for a new section."""
    return secrets.token_hex(4)


def version_of(section: PageSection) -> str:
    """Return the version of a section: a digest of all that it holds."""
    return hashlib.sha256(msgspec.json.encode(section)).hexdigest()[:16]


def version_of_order(sections: Sequence[PageSection]) -> str:
    """Return the version of the order of sections."""
    return hashlib.sha256(" ".join(section.id for section in sections).encode()).hexdigest()[:16]


def pictures_of(section: PageSection) -> list[SectionPicture]:
    """Return the pictures of a section."""
    if isinstance(section, GridSection):
        return [item.picture for item in section.items]
    picture = section.picture if isinstance(section, HeroSection | StorySection) else None
    return [picture] if picture else []


def shop_link(link: str) -> str:
    """Return the URL of such an address."""
    return add_prefix(link) if link.startswith("/") else link
