"""Finds the variant that a person means: by its code, or by its label or barcode, which several variants may have.

Labels and barcodes belong to the catalogue, which knows this room and not the other way round; it registers
`find_variants`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.app_state import Hook
from storefront.errors import StorefrontError
from storefront.stock.ledger import UnknownSkuError

MAX_LISTED = 20  # variants that an error names


@dataclass(frozen=True, slots=True)
class VariantName:
    """A variant as people know it: `sku` is its code; `name` is its product's title and its options."""

    sku: str
    label: str
    name: str


find_variants = Hook[[str], Sequence[VariantName]]("stock.find_variants")
"""Returns the variants whose code, label or barcode is this text, in the order of their codes."""


class AmbiguousSkuError(StorefrontError):
    """Several variants have this text as code, label or barcode; the sentence lists their codes.

    Attributes:
        variants: all of them.
        is_code: the text is also the code of one of them.
    """

    status = 409

    def __init__(self, text: str, variants: Sequence[VariantName]) -> None:
        listed = [f"{variant.sku} ({variant.name})" for variant in variants[:MAX_LISTED]]
        if more := len(variants) - len(listed):
            listed.append(f"and {more:,} more")
        super().__init__(
            f"{len(variants):,} variants have the SKU or barcode {text!r}. Give the code of one: {'; '.join(listed)}."
        )
        self.variants = tuple(variants)
        self.is_code = any(variant.sku == text for variant in variants)


def find_variant(text: str, *, is_code: bool = False) -> VariantName:
    """Return the one variant whose code, label or barcode is this text.

    Args:
        text: what a person typed or scanned.
        is_code: it is a code, whichever variants have it as their label or barcode.

    Raises:
        UnknownSkuError: there is none.
        AmbiguousSkuError: there are several.
    """
    found = [variant for variants in find_variants.fire(text) for variant in variants]
    if is_code:
        found = [variant for variant in found if variant.sku == text]
    if not found:
        raise UnknownSkuError(text)
    if len(found) > 1:
        raise AmbiguousSkuError(text, found)
    return found[0]
