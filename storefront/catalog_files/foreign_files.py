"""Recognise files that are not product CSVs of Shopify, by columns that only they have.

Sources of the columns: the help pages and importers of these systems, such as Shopify's "Exporting orders", Google's
"Product data specification", WooCommerce's "Product CSV Importer", PrestaShop's sample files of its importer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from storefront.catalog_files.product_columns import column_name
from storefront.catalog_files.translated_headers import find_language
from storefront.unicode_text import normalize

# Kinds that the import reads; all others are refused.
Kind = Literal["woocommerce", "shopify_inventory", ""]

_FROM_SHOPIFY = (
    "Export the products from the shop as Shopify CSV, or name the columns as docs/importing.md says."
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Columns by which a file is recognised: all of `required`, at least `least` of `marks`, none of `without`.

    A file that has handles as Shopify's product CSV has is one, unless the pattern has `despite_handle`.
    """

    name: str
    marks: str
    required: str = ""
    least: int = 2
    without: str = ""
    advice: str = _FROM_SHOPIFY
    kind: Kind = ""
    despite_handle: bool = False


# Names of columns in small letters, separated by "|"; "_" counts as a space, and what stands in brackets is left out.
_PATTERNS = (
    _Pattern(
        "Shopify inventory file",
        "location|on hand|available|committed|incoming|unavailable|hs code|coo|bin name",
        required="sku",
        without="price|variant price|regular price|body",
        advice="",
        kind="shopify_inventory",
        despite_handle=True,
    ),
    _Pattern(
        "WooCommerce product file",
        "regular price|sale price|in stock?|tax status|parent|attribute 1 name|attribute 1 value"
        "|visibility in catalog|is featured?|backorders allowed?|sold individually?|cross-sells|weight",
        required="name|type",
        advice="",
        kind="woocommerce",
        despite_handle=True,
    ),
    _Pattern(
        "Shopify orders export, or one of this shop",
        "financial status|fulfillment status|lineitem name|lineitem quantity|lineitem price|paid at",
        advice="Bring old orders in with: flask orders import FILE.",
    ),
    _Pattern(
        "Shopify customers export, or one of this shop",
        "accepts email marketing|accepts marketing|total spent|total orders|tax exempt|default address city"
        "|accepts sms marketing",
        required="email",
        advice="Bring customers in with: flask customers import FILE.",
    ),
    _Pattern(
        "Shopify redirects export",
        "redirect from|redirect to",
        advice="Bring addresses in with: flask redirects import FILE.",
    ),
    _Pattern(
        "Shopify discounts export",
        "value type|times used in total|customer selection|usage limit per code|discount class"
        "|minimum purchase requirements|applies once per customer",
        advice="The shop has no discount codes; import the products alone.",
    ),
    _Pattern(
        "Shopify gift cards export",
        "initial balance|current balance|initial value|last characters|expires on",
        advice="Gift cards that were sold cannot be imported; import the products alone.",
    ),
    _Pattern(
        "Matrixify sheet",
        "body html|tags command|variant command|image command|variant inventory adjust|top row|row #",
        required="command",
        despite_handle=True,
    ),
    _Pattern(
        "Google Merchant feed",
        "availability|image link|gtin|google product category|item group id|condition|mpn|additional image link",
        required="id|link",
    ),
    _Pattern(
        "Etsy listings file",
        "currency code|materials|image1|variation 1 type|variation 1 name|variation 1 values",
        required="title|quantity",
    ),
    _Pattern(
        "Magento product file",
        "store view code|attribute set code|product websites|additional attributes|configurable variations"
        "|attribute set|root category|url key|product online|base image",
        required="sku",
    ),
    _Pattern(
        "PrestaShop product file",
        "active|name *|categories|price tax excluded|price tax included|tax rules id|tax rule id|on sale"
        "|wholesale price|supplier reference #|reference #|attribute|value|id default combination|final price",
        least=3,
    ),
    _Pattern(
        "BigCommerce product file",
        "product code/sku|item type|brand name|option set|track inventory|current stock level|inventory tracking"
        "|current stock|brand id|channels|product url|fixed shipping cost|product availability",
        least=3,
    ),
    _Pattern(
        "Square item library",
        "token|variation name|reference handle|square online item visibility|option name 1|customer-facing name"
        "|sellable|stockable|square online category",
        required="item name",
    ),
    _Pattern(
        "Squarespace product file",
        "product id|variant id|product type|product page|hidden",
        required="product page",
    ),
    _Pattern(
        "Wix product file",
        "handleid|fieldtype|productimageurl|productoptionname1|discountmode|discountvalue|ribbon|surcharge",
        least=3,
    ),
    _Pattern(
        "eBay listings file",
        "item number|custom label|available quantity|start price|auction buy it now price|variation details"
        "|*action|*category|customlabel|*title|*startprice|*quantity|*format",
        least=3,
    ),
    _Pattern(
        "Amazon listings file",
        "item-name|seller-sku|asin1|listing-id|item sku|external product id|external product id type"
        "|feed product type|standard price|fulfillment-channel",
    ),
    _Pattern(
        "Medusa product file",
        "product handle|product title|product status|product is giftcard|product discountable|product thumbnail"
        "|variant manage inventory|variant allow backorder",
        least=3,
    ),
)


class ForeignFile(NamedTuple):
    """What a file is, if it is not a product CSV of Shopify.

    Attributes:
        name: such as "Google Merchant feed".
        columns: the columns by which it was recognised, as they are written.
        advice: what to do; empty if the import reads it.
        kind: the kind that the import reads; empty if it does not.
    """

    name: str
    columns: list[str]
    advice: str
    kind: Kind

    def __str__(self) -> str:
        """Return a sentence for the merchant."""
        article = "an" if self.name[0] in "AEIOUe" else "a"
        shown = ", ".join(self.columns[:6])
        return f"This is {article} {self.name} (found the columns {shown}). {self.advice}".strip()


def recognise_header(header: Sequence[str]) -> ForeignFile | None:
    """Return what a file with this header is; None if it is a product CSV of Shopify, or not known."""
    names = {fold(cell): cell for cell in reversed(header) if cell}
    best: tuple[int, _Pattern, list[str]] | None = None
    for pattern in _PATTERNS:
        found = _find_columns(pattern, names)
        if found and (best is None or len(found) > best[0]):
            best = (len(found), pattern, found)
    if has_shopify_handles(header) and not (best and best[1].despite_handle):
        return None
    if best is not None:
        return ForeignFile(best[1].name, best[2], best[1].advice, best[1].kind)
    known = {column_name(cell) for cell in header}
    if not known >= {"title", "price"} and (translated := find_language(header)):
        language, pairs = translated
        advice = "Rename the columns: " + ", ".join(f"{cell} to {name}" for cell, name in pairs[:12]) + "."
        return ForeignFile(f"product sheet with {language} headers", [cell for cell, _ in pairs], advice, "")
    return None


def has_shopify_handles(header: Sequence[str]) -> bool:
    """Return whether a header has the handle and another column of Shopify's product CSV."""
    known = {column_name(cell) for cell in header if cell}
    return "handle" in known and len(known - {None}) >= 2


def score_header(header: Sequence[str]) -> int:
    """Return how many columns of a header are known, to Shopify's product CSV or to another kind of file."""
    own = sum(column_name(cell) is not None for cell in header)
    foreign = recognise_header(header)
    return max(own, len(foreign.columns) if foreign else 0)


def fold(header: str) -> str:
    """Return a header for comparison: small letters, "_" as a space, without what stands in brackets."""
    text = normalize("NFKC", header.replace("\ufeff", "")).casefold().replace("_", " ").removeprefix("g:")
    return " ".join(re.sub(r"[(\[][^()\[\]]{0,80}[)\]]", "", text[:300]).split())


def _find_columns(pattern: _Pattern, names: dict[str, str]) -> list[str]:
    """Return the columns by which a file is of this kind, as they are written; none if it is not."""
    if set(pattern.without.split("|")) & names.keys():
        return []
    required = [name for name in pattern.required.split("|") if name]
    marks = [name for name in pattern.marks.split("|") if name in names]
    if len(marks) < pattern.least or any(name not in names for name in required):
        return []
    wanted = {*required, *marks}
    return [cell for name, cell in reversed(names.items()) if name in wanted]
