"""What a source (a file, a form, a grid) says of a product. What it does not say is absent, and changes nothing.

An input knows nothing of the shop: `planner` compares it with the shop's product and makes a `ProductChange` of it.
Every value is the one that the column of the table takes; money is in minor units of the shop's currency.
"""

from __future__ import annotations

from typing import Any

import msgspec


class InputVariant(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a source says of one variant.

    Attributes:
        line: the line of the file, for reports; 0 if there is no file.
        code: the variant's unique code, if the source has our own column for it; else empty.
        options: the option values in the order of the product's option names; None if the source has no columns for
            them. A product without options has the empty tuple.
        values: new values of columns of `Variant`: label, price, compare_at_price (None: no such price), barcode,
            weight_grams, backorder, requires_shipping, taxable; and of `StockItem`: tracked.
        extra: kept columns by header; an empty text removes one.
        picture: the source of the variant's picture; None if the source says nothing.
        quantity: what is on hand; None if the source says nothing.
        quantity_at_export: what was on hand when our export wrote the file; None if it was not our export.
    """

    line: int = 0
    code: str = ""
    options: tuple[str, ...] | None = None
    values: dict[str, Any] = {}
    extra: dict[str, str] = {}
    picture: str | None = None
    quantity: int | None = None
    quantity_at_export: int | None = None


class InputPicture(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a source says of one picture, which its `source` (a URL or a file name) identifies.

    Attributes:
        line: the line of the file.
        source: the URL or the file name.
        position: from 1; None if the source says nothing.
        alt: the text for those who do not see the picture; None if the source says nothing.
        extra: kept columns by header.
    """

    line: int = 0
    source: str
    position: int | None = None
    alt: str | None = None
    extra: dict[str, str] = {}


class RefusedRow(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A row of a variant that cannot be used. The variant that it may mean is never removed."""

    line: int
    column: str
    reason: str
    code: str = ""
    label: str = ""
    options: tuple[str, ...] | None = None


class InputProduct(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a source says of one product.

    Attributes:
        line: the line of the product's row (the one with the title), or of its first row; if there is a problem, the
            line of the problem.
        rows: how many rows of the source are about this product; with a problem, all of them are refused.
        handle: the product's address as the source has it, in NFC; empty if the source has no such column.
        exact_handle: for a handle with spaces, the slug that no other handle can have (`Blue-Bowl-6bc8…`), in case
            the product lives there since another one has `blue-bowl`; empty for other handles.
        earlier_slugs: addresses that earlier rules made of this handle or title; the product may live there.
        new_slug: the address if the product is created and the source has no handle.
        values: new values of columns of `Product`: title, description_html (sanitised), vendor, product_type, tags,
            status, publish_at, withdraw_at, unlisted, gift_card, seo_title, seo_description, option_names.
        category: names from the top down; the empty tuple takes the product out of its category; None: no change.
        new_category: the category of a product that is created, if `category` is None.
        further: its further categories, each as names from the top down; None: no change.
        extra: kept columns by header; an empty text removes one.
        variants: of the rows that can be used, in the order of the file.
        pictures: in the order of the file.
        has_option_columns: whether the source says which variants there are; else `--remove-missing` removes none.
        has_picture_column: the same for pictures.
        refused: rows of variants that cannot be used.
        problem: why the product as a whole cannot be used; empty if it can.
        problem_column: the header of the column with the problem; empty if it is not one of a single column.
        notes: what was read differently from what is written, as (line, column, text).
    """

    line: int = 0
    rows: int = 0
    handle: str = ""
    exact_handle: str = ""
    earlier_slugs: tuple[str, ...] = ()
    new_slug: str = ""
    values: dict[str, Any] = {}
    category: tuple[str, ...] | None = None
    new_category: tuple[str, ...] = ()
    further: tuple[tuple[str, ...], ...] | None = None
    extra: dict[str, str] = {}
    variants: list[InputVariant] = []
    pictures: list[InputPicture] = []
    has_option_columns: bool = False
    has_picture_column: bool = False
    refused: list[RefusedRow] = []
    problem: str = ""
    problem_column: str = ""
    notes: list[tuple[int, str, str]] = []
