"""The data of the catalogue's pages: plain objects that are cached and that templates render."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import RenditionSet
from storefront.catalog.pictures import rendition_widths
from storefront.catalog.slugs import product_path
from storefront.i18n import format_number, ngettext
from storefront.money import Money
from storefront.stock import Badge
from storefront.web.prefix import add_prefix

# What `Picture.of_row` reads in addition to a picture's own columns; the statement joins the table outside.
RENDITION_COLUMNS = (RenditionSet.webp, RenditionSet.avif)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its renditions. Width and height are those of its source, in pixels.

    `webp` and `avif` are the widths of its renditions; without any it has those of its arrival.
    """

    digest: str
    width: int
    height: int
    alt: str
    webp: tuple[int, ...] = ()
    avif: tuple[int, ...] = ()

    @classmethod
    def of_row(cls, row: Any, alt: str) -> Picture | None:
        """Return the picture of a row with its columns and RENDITION_COLUMNS; None if it is not stored."""
        if not row.digest:
            return None
        return cls.with_renditions(row, alt, row)

    @classmethod
    def with_renditions(cls, stored: Any, alt: str, made: Any) -> Picture:
        """Return a stored picture with the renditions of a row with RENDITION_COLUMNS; None: those of its arrival."""
        widths = (_widths(made.webp), _widths(made.avif)) if made else ((), ())
        return cls(stored.digest, stored.width, stored.height, alt, *widths)

    def src(self, width: int) -> str:
        """Return the URL of the smallest rendition that is at least this wide, or else of the widest."""
        made = self._webp_widths
        return self._url(next((w for w in made if w >= width), made[-1]), "webp")

    @property
    def srcset(self) -> str:
        """All renditions that every browser shows, as the HTML attribute `srcset` lists them."""
        return self._srcset(self._webp_widths, "webp")

    @property
    def avif_srcset(self) -> str:
        """All AVIF renditions, in the same form; empty if the picture has no AVIF file."""
        return self._srcset(self.avif, "avif")

    @property
    def largest(self) -> str:
        """The URL of the widest rendition."""
        return self._url(self._webp_widths[-1], "webp")

    @property
    def _webp_widths(self) -> Sequence[int]:
        return self.webp or rendition_widths(self.width)

    def _srcset(self, widths: Sequence[int], kind: str) -> str:
        return ", ".join(f"{self._url(w, kind)} {w}w" for w in widths)

    def _url(self, width: int, kind: str) -> str:
        return add_prefix(f"/media/{self.digest}-{width}.{kind}")


def _widths(text: str | None) -> tuple[int, ...]:
    return tuple(map(int, (text or "").split()))


@dataclass(frozen=True, slots=True)
class CategoryLink:
    """A link to a category. `products` counts active products in it and below; None: the page shows no count."""

    name: str
    path: str
    products: int | None = None
    picture: Picture | None = None

    @property
    def url(self) -> str:
        """The address of the category's page."""
        return ListRequest(path=self.path).base


@dataclass(frozen=True, slots=True)
class CategoryAbout:
    """The merchant's texts and picture of a category, each empty if there is none; the HTML is sanitised."""

    description_html: str = ""
    seo_title: str = ""
    seo_description: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Navigation:
    """A page's place in the category tree.

    Attributes:
        top: the top categories, for the header.
        trail: from the first level down to the category itself; empty for the whole shop.
        children: the categories directly below.
        products: active products in the category and below.
        has_more_children: the category has more subcategories than `children`.
        about: the texts of the category itself.
    """

    top: list[CategoryLink]
    trail: list[CategoryLink]
    children: list[CategoryLink]
    products: int
    has_more_children: bool = False
    about: CategoryAbout = CategoryAbout()


NO_NAVIGATION = Navigation([], [], [], 0)


@dataclass(frozen=True, slots=True)
class CategoryBranch:
    """A category in the tree of all categories, with those directly below it."""

    link: CategoryLink
    children: list[CategoryBranch]


@dataclass(frozen=True, slots=True)
class CategoriesPage:
    """The page with the tree of all categories. If it is `cut`, deeper levels are on the categories' own pages."""

    navigation: Navigation
    branches: list[CategoryBranch]
    category_count: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a list. `price` is the lowest of its variants, `price_max` the highest."""

    id: int
    slug: str
    title: str
    vendor: str
    price: Money
    price_max: Money
    compare_at_price: Money | None
    picture: Picture | None
    badge: Badge

    @property
    def url(self) -> str:
        """The address of the product's page."""
        return add_prefix(product_path(self.slug))


@dataclass(frozen=True, slots=True)
class VendorCount:
    """A vendor to filter by, and how many products would be left. None: the page shows no count."""

    vendor: str
    products: int | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list. If it is `capped`, more products match than `total`, which is shown as "1,000+".

    `shown_for` are the corrected forms of a search that found products; `found_as_typed`: others were found without.
    `collection_title` is of a collection's list; empty for others.
    """

    request: ListRequest
    navigation: Navigation
    items: list[Card]
    total: int
    pages: int
    capped: bool
    vendors: list[VendorCount]
    in_stock: int | None
    in_stock_capped: bool = False
    has_more_vendors: bool = False
    shown_for: list[str] = field(default_factory=list)
    found_as_typed: bool = True
    collection_title: str = ""

    @property
    def is_beyond_end(self) -> bool:
        """Whether the list ends before this page."""
        return self.request.page > max(1, self.pages)

    @property
    def total_text(self) -> str:
        """The number of products in words: "1 product", "37 products", "1,000+ products"."""
        number = f"{format_number(self.total)}{'+' if self.capped else ''}"
        count = self.total + self.capped
        return ngettext("%(number)s product", "%(number)s products", count, number=number)


@dataclass(frozen=True, slots=True)
class HomePage:
    """The front page."""

    navigation: Navigation
    categories: list[CategoryLink]  # the top categories, with the cover of their newest product
    category_count: int  # of all categories with products, at every level
    newest: list[Card]
