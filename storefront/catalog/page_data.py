"""What the pages of the catalogue show, as plain data: the very thing that is cached and rendered."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.catalog.list_request import ListRequest
from storefront.catalog.pictures import rendition_widths
from storefront.money import Money
from storefront.stock import Badge


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its renditions; width and height in pixels give the ratio."""

    digest: str
    width: int
    height: int
    alt: str

    def src(self, width: int) -> str:
        """Return the URL of the smallest rendition that is at least this wide (or the widest there is)."""
        made = rendition_widths(self.width)
        return f"/media/{self.digest}-{next((w for w in made if w >= width), made[-1])}.webp"

    @property
    def srcset(self) -> str:
        """All renditions, as the attribute wants them."""
        return ", ".join(f"/media/{self.digest}-{w}.webp {w}w" for w in rendition_widths(self.width))


@dataclass(frozen=True, slots=True)
class CategoryLink:
    """A link to a category; `products` is how many active products are in it and below (None: not told)."""

    name: str
    path: str
    products: int | None = None
    picture: Picture | None = None

    @property
    def url(self) -> str:
        """The category's page."""
        return ListRequest(path=self.path).url()


@dataclass(frozen=True, slots=True)
class Navigation:
    """Where a page stands in the shop: the top categories for the header, the way down, and what is below."""

    top: list[CategoryLink]
    trail: list[CategoryLink]  # from the first level down to the category itself; empty for the whole shop
    children: list[CategoryLink]
    products: int


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
        """The product's page."""
        return f"/products/{self.slug}"


@dataclass(frozen=True, slots=True)
class VendorCount:
    """A vendor to filter by, with how many products it would leave (None: not told)."""

    vendor: str
    products: int | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list. `capped`: there are more than `total`, which is then a floor ("1,000+")."""

    request: ListRequest
    navigation: Navigation
    items: list[Card]
    total: int
    pages: int
    capped: bool
    vendors: list[VendorCount]
    in_stock: int | None
    in_stock_capped: bool = False

    @property
    def total_text(self) -> str:
        """The number of products as a person reads it: "1 product", "37 products", "1,000+ products"."""
        plural = "" if self.total == 1 and not self.capped else "s"
        return f"{self.total:,}{'+' if self.capped else ''} product{plural}"


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant on its product's page."""

    id: int
    sku: str
    options: tuple[str, ...]
    price: Money
    compare_at_price: Money | None
    badge: Badge
    version: int
    picture: int | None  # place of its picture in ProductPage.pictures
    barcode: str
    weight_grams: int

    @property
    def name(self) -> str:
        """Its option values, e.g. "Blue / Large"; empty for a product without options."""
        return " / ".join(self.options)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of one option: where choosing it leads, given the others as they are."""

    value: str
    sku: str
    selected: bool
    badge: Badge
    exact: bool  # False: there is no variant with the other values as they are; another one is chosen


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product with all that its page shows."""

    id: int
    slug: str
    title: str
    description_html: str
    vendor: str
    product_type: str
    tags: list[str]
    seo_title: str
    seo_description: str
    option_names: list[str]
    variants: list[VariantView]
    pictures: list[Picture]
    navigation: Navigation
    related: list[Card]
    status: str
    updated_at: str  # RFC 3339, UTC

    @property
    def url(self) -> str:
        """The product's page."""
        return f"/products/{self.slug}"

    @property
    def vendor_url(self) -> str:
        """Everything of the same vendor."""
        return ListRequest(vendor=self.vendor).url()

    def selected(self, sku: str | None) -> VariantView:
        """Return the variant with this SKU; without one (or with an unknown one) the first that can be bought."""
        wanted = next((v for v in self.variants if v.sku == sku), None)
        return wanted or next((v for v in self.variants if v.badge.buyable), self.variants[0])

    def choices(self, selected: VariantView) -> list[tuple[str, list[Choice]]]:
        """Return for each option its name and its values, each with the variant that choosing it leads to."""
        return [
            (name, [self._choice(selected, place, value) for value in self._values(place)])
            for place, name in enumerate(self.option_names)
        ]

    def _values(self, place: int) -> list[str]:
        return list(dict.fromkeys(v.options[place] for v in self.variants if place < len(v.options)))

    def _choice(self, selected: VariantView, place: int, value: str) -> Choice:
        wanted = (*selected.options[:place], value, *selected.options[place + 1 :])
        candidates = [v for v in self.variants if place < len(v.options) and v.options[place] == value]
        best = max(
            candidates,
            key=lambda v: (sum(a == b for a, b in zip(v.options, wanted, strict=False)), v.badge.buyable),
        )
        return Choice(value, best.sku, best.sku == selected.sku, best.badge, best.options == wanted)


@dataclass(frozen=True, slots=True)
class HomePage:
    """The front page."""

    navigation: Navigation
    categories: list[
        CategoryLink
    ]  # the top categories, each with a picture where one of its products has one
    newest: list[Card]
