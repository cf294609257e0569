"""The data of a product's page: its variants, and the choices that lead from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from storefront.catalog.gtin import find_gtin
from storefront.catalog.list_request import ListRequest
from storefront.catalog.option_texts import describe_options
from storefront.catalog.page_data import NO_NAVIGATION, Card, Navigation, Picture
from storefront.catalog.slugs import product_path
from storefront.money import Money
from storefront.stock import Badge
from storefront.web.prefix import add_prefix

# Variants that a value of an option may select; more would make the page of a product with 2,000 variants large.
MAX_NEAREST = 20


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant on its product's page: `sku` is its code, `label` the SKU that the page shows ("": none)."""

    id: int
    sku: str
    label: str
    options: tuple[str, ...]
    price: Money
    compare_at_price: Money | None
    badge: Badge
    version: int
    picture: int | None  # index into ProductPage.pictures
    barcode: str
    weight_grams: int
    requires_shipping: bool
    taxable: bool

    @property
    def gtin(self) -> tuple[str, str] | None:
        """The barcode as schema.org names it, if it is a GTIN: ("gtin13", "4006381333931")."""
        return find_gtin(self.barcode)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of one option, and the variants that it may select.

    Attributes:
        variants: the one with all the other values of the selected one if it is `exact`; else those with this value,
            the nearest to the selected one first.
        exact: whether there is such a variant.
    """

    value: str
    variants: tuple[VariantView, ...]
    exact: bool

    @property
    def target(self) -> VariantView:
        """The variant that choosing the value selects: the first that can be bought, else the first."""
        return next((v for v in self.variants if v.badge.buyable), self.variants[0])

    @property
    def states(self) -> list[dict[str, object]]:
        """What the page's script needs to follow the stock of the variants, ready for JSON."""
        return [
            {"sku": v.sku, "version": v.version, "buyable": v.badge.buyable, "backorder": v.badge.backorder}
            for v in self.variants
        ]


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product's page. Its navigation is cached apart, since the menu changes without the product."""

    id: int
    slug: str
    title: str
    description_html: str
    description_pictures: dict[str, Picture]  # as `description_pictures.show_pictures` takes them
    vendor: str
    product_type: str
    tags: list[str]
    details: list[tuple[str, str]]  # name and value of each metafield that is shown
    seo_title: str
    seo_description: str
    option_names: list[str]
    variants: list[VariantView]
    pictures: list[Picture]
    category_path: str
    related: list[Card]
    status: str
    unlisted: bool
    updated_at: str  # RFC 3339, UTC
    navigation: Navigation = NO_NAVIGATION

    @property
    def url(self) -> str:
        """The address of the product's page."""
        return add_prefix(product_path(self.slug))

    def variant_name(self, variant: VariantView) -> str:
        """Return what distinguishes a variant, e.g. "Blue / Large" or "Months: 3"; empty without options."""
        return describe_options(self.option_names, variant.options, {})

    def variant_url(self, variant: VariantView) -> str:
        """Return the address of the page with this variant selected."""
        return f"{self.url}?{urlencode({'variant': variant.sku})}"

    @property
    def vendor_url(self) -> str:
        """The address of the list of all products of the same vendor."""
        return ListRequest(vendors=(self.vendor,)).url()

    def selected(self, sku: str | None) -> VariantView:
        """Return the variant with this SKU, else the one whose price lists show.

        That is the cheapest, and of equal ones the first (`list_index.derivation.prices`). Variants that can be
        bought come before the others.
        """
        wanted = next((v for v in self.variants if v.sku == sku), None)
        return wanted or min(self.variants, key=lambda v: (not v.badge.buyable, v.price.amount))

    def choices(self, selected: VariantView) -> list[tuple[str, list[Choice]]]:
        """Return for each option its name and its values, each with the variant that it selects."""
        return [
            (name, [self._choice(selected, place, value) for value in self._values(place)])
            for place, name in enumerate(self.option_names)
        ]

    def _values(self, place: int) -> list[str]:
        return list(dict.fromkeys(v.options[place] for v in self.variants if place < len(v.options)))

    def _choice(self, selected: VariantView, place: int, value: str) -> Choice:
        wanted = (*selected.options[:place], value, *selected.options[place + 1 :])
        candidates = [v for v in self.variants if place < len(v.options) and v.options[place] == value]
        if exact := tuple(v for v in candidates if v.options == wanted):
            return Choice(value, exact, exact=True)
        candidates.sort(key=lambda v: -sum(a == b for a, b in zip(v.options, wanted, strict=False)))
        return Choice(value, tuple(candidates[:MAX_NEAREST]), exact=False)
