"""The changes of a change set, as they are stored (JSON) and shown: each field with its old and its new value."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Action = Literal["create", "update", "remove"]
# What a merchant should look at before applying: a price that changes by more than half, something that is removed,
# something that becomes public.
Flag = Literal["price_jump", "removal", "publication"]


class ValueChange(msgspec.Struct, array_like=True):
    """The old and the new value of a field; the old value of something that is created is None."""

    old: Any
    new: Any

    @property
    def is_price_jump(self) -> bool:
        """Whether a price that existed rises or falls by more than half."""
        return None not in (self.old, self.new) and bool(2 * abs(self.new - self.old) > self.old)


class StockChange(msgspec.Struct, omit_defaults=True):
    """A change of what is on hand.

    Attributes:
        mode: "set" sets `quantity`; "add" adds it (it may be negative).
        quantity: see mode.
        before: what was on hand when the change was planned.
    """

    mode: Literal["set", "add"]
    quantity: int
    before: int = 0


class VariantChange(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The change of one variant.

    Attributes:
        action: what happens to the variant.
        sku: its unique code.
        line: of the file; 0 if none.
        fields: by column of `Variant` (and "tracked" of its stock, "picture" with sources of pictures, and
            "extra:HEADER" for kept columns). A variant that is removed has all its fields, with `new` None.
        stock: the change of what is on hand; of a variant that is created, its first stock.
    """

    action: Action
    sku: str
    line: int = 0
    fields: dict[str, ValueChange] = {}
    stock: StockChange | None = None

    @property
    def values(self) -> dict[str, Any]:
        """By field, what a variant that is created gets, or what one that is removed had."""
        return {name: value.new if self._is_new else value.old for name, value in self.fields.items()}

    @property
    def on_hand(self) -> int | None:
        """The stock that a variant that is created gets, or that one that is removed had; None if not counted."""
        if self.stock is None:
            return None
        return self.stock.quantity if self._is_new else self.stock.before

    @property
    def _is_new(self) -> bool:
        return self.action == "create"


class PictureChange(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The change of one picture, which its source names. Fields: position, alt, "extra:HEADER"; if removed, all."""

    action: Action
    source: str
    fields: dict[str, ValueChange] = {}


class ProductChange(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The change of one product: one row of a change set.

    Attributes:
        action: what happens to the product.
        slug: the product's address, before the change.
        title: for lists; the new title of a product that is created.
        product_id: None for a product that is created.
        line: of the file; 0 if none.
        fields: by column of `Product`, "category" (names from the top down), "further_categories" (a list of such
            names), and "extra:HEADER" for kept columns. A new slug leaves a redirect at the old address.
        variants: in order.
        pictures: in order.
        flags: what a merchant should look at.
    """

    action: Action
    slug: str
    title: str
    product_id: int | None = None
    line: int = 0
    fields: dict[str, ValueChange] = {}
    variants: list[VariantChange] = []
    pictures: list[PictureChange] = []
    flags: list[Flag] = []
