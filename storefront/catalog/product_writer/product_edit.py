"""What a person or program wants a product to become. What an edit does not name stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from storefront.errors import StorefrontError


@dataclass(slots=True)
class VariantEdit:
    """The changes of one variant, or a new one.

    Attributes:
        code: the variant's code (`Variant.sku`).
        values: new values of columns of `Variant`: label, price, compare_at_price (minor units; None: no such price),
            barcode, weight_grams, backorder, requires_shipping, taxable, position, image_id.
        options: the option values by name.
        available: how many can be bought from now on; None leaves the stock unchanged.
        on_hand: how many are on hand from now on, reserved ones included; None leaves the stock unchanged.
        expected_on_hand: what the editor saw on hand, if that must not have changed since.
        is_uncounted: whether its stock is not counted from now on, so that any quantity can be bought.
    """

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    options: dict[str, str] | UnsetType = UNSET
    available: int | None = None
    on_hand: int | None = None
    expected_on_hand: int | None = None
    is_uncounted: bool = False


@dataclass(frozen=True, slots=True)
class PictureEdit:
    """A picture of a product as it becomes: one that it has, by its id, or a new stored one (`pictures.store`)."""

    id: int | None = None
    alt: str = ""
    source: str = ""
    digest: str | None = None
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class ProductEdit:
    """The changes of one product.

    Attributes:
        values: new values of columns of `Product`: title, description_html (unsanitised), vendor, product_type, tags,
            status, publish_at and withdraw_at (`extensions.MomentText`), unlisted, seo_title, seo_description.
        category: the path of the category; None takes the product out of its category.
        further: the paths of its further categories; the main one does not count among them.
        slug: the address; None leaves it as it is.
        variants: the variants that change or are new.
        is_whole: whether variants that are not named are removed, and others may be new.
        option_names: the names of the options in order; None: as the variants of the edit name them.
        pictures: all pictures in order; None leaves them as they are.
        price: the price of the whole product, which is that of its only variant; None if the edit does not name it.
        available: the stock of the whole product, likewise.
        reason: why the stock changes, for the ledger.
    """

    values: dict[str, Any] = field(default_factory=dict)
    category: str | UnsetType | None = UNSET
    further: Sequence[str] | UnsetType = UNSET
    slug: str | None = None
    variants: list[VariantEdit] = field(default_factory=list)
    is_whole: bool = False
    option_names: list[str] | None = None
    pictures: list[PictureEdit] | None = None
    price: int | None = None
    available: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EditFault:
    """What is wrong with one part of an edit; `at` is a JSON pointer (RFC 6901) such as "/variants/0/sku"."""

    text: str
    at: str


class ProductRefusedError(StorefrontError):
    """An edit cannot be applied; nothing was changed.

    Attributes:
        status: 409 if the product or its stock stands against it, 422 if the edit is wrong in itself.
        faults: the parts that are wrong, if they are known.
    """

    def __init__(self, status: int, text: str, *faults: EditFault) -> None:
        """Create the error."""
        super().__init__(text)
        self.status, self.faults = status, faults
