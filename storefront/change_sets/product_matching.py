"""Which product of the shop an input means: by address, by code, by an earlier address, or by a unique label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from storefront.change_sets.inputs import InputProduct
from storefront.change_sets.shop_products import ShopProduct, ShopProducts, read_products
from storefront.unicode_text import strip_marks

# A slug that an earlier rule made of a text without Latin letters: only the same text has the same digest.
_DIGEST = re.compile(r"n-[0-9a-f]{10}")


@dataclass(frozen=True, slots=True)
class ProductMatch:
    """The product that an input means.

    Attributes:
        product: None if it is a new one.
        slug: the address that the product has after the change.
        is_exact: whether the input has the product's present address.
        is_partial: whether the input may be one of several of this product, since codes or labels alone led to it.
        problem: why no product can be named; empty if one can, or if it is a new one.
    """

    product: ShopProduct | None
    slug: str
    is_exact: bool = True
    is_partial: bool = False
    problem: str = ""


class ProductMatcher:
    """Finds the products that inputs mean. Handles are compared as they are: `tea_pot` is not `tea-pot`.

    A former address, or one that an earlier rule made, leads to a product only if nothing contradicts it: the titles
    are equal or a label is shared (or the input has neither), and the source has no product of that very handle. The
    same holds for the codes of an input that has a handle: the code column may be that of another shop.

    Args:
        is_handle_in_file: returns whether the source has a product with this handle.
        is_label_unique: returns whether one row of the source has this label.

    """

    def __init__(
        self, is_handle_in_file: Callable[[str], bool], is_label_unique: Callable[[str], bool]
    ) -> None:
        self._is_handle_in_file, self._is_label_unique = is_handle_in_file, is_label_unique

    def read(self, connection: Connection, inputs: Iterable[InputProduct]) -> ShopProducts:
        """Return the products of the shop that these inputs may mean."""
        slugs: set[str] = set()
        codes: set[str] = set()
        labels: set[str] = set()
        for given in inputs:
            slugs.update(
                filter(None, (given.exact_handle, given.handle, given.new_slug, *given.earlier_slugs))
            )
            codes.update(variant.code for variant in given.variants if variant.code)
            if not given.handle:
                labels.update(filter(self._is_label_unique, _labels(given)))
        return read_products(connection, slugs=slugs, codes=codes, labels=labels)

    def match(self, given: InputProduct, shop: ShopProducts) -> ProductMatch:
        """Return the product that an input means: by its address, its codes, an earlier address, or a label."""
        address = given.handle or given.new_slug
        if (product := shop.by_slug.get(given.exact_handle) or shop.by_slug.get(address)) is not None:
            return ProductMatch(product, product.slug)
        owners = {shop.code_owners[v.code] for v in given.variants if v.code in shop.code_owners}
        if not owners and (product := self._by_earlier_address(given, shop)) is not None:
            takes_handle = product.slug in given.earlier_slugs and given.handle != given.exact_handle
            return ProductMatch(product, given.handle if takes_handle else product.slug, is_exact=False)
        # Rows that moved from one product of the file to another do not take its address along.
        if given.handle:
            owners = {owner for owner in owners if not self._is_handle_in_file(shop.by_id[owner].slug)}
            owners = {owner for owner in owners if _may_be(shop.by_id[owner], given)}
        by_code = bool(owners)
        if not owners and not given.handle:
            owners = {shop.label_owners[label] for label in _labels(given) if label in shop.label_owners}
        if len(owners) > 1:
            slugs = ", ".join(sorted(shop.by_id[owner].slug for owner in owners))
            return ProductMatch(None, "", problem=f"its rows belong to several products of the shop: {slugs}")
        if owners:
            product = shop.by_id[owners.pop()]
            slug = given.handle if by_code and given.handle else product.slug
            return ProductMatch(product, slug, is_exact=False, is_partial=not address)
        return ProductMatch(None, address, problem="" if address else self._why_unknown(given))

    def _why_unknown(self, given: InputProduct) -> str:
        """Return why the labels of an input without handle and title lead to no product; empty if it has none."""
        label = min(_labels(given), default="")
        if not label:
            return ""
        if not self._is_label_unique(label):
            return (
                f"several rows of the file have the SKU {label!r}, so it is not known which variant this row means; "
                "add the column “Variant code”, as the shop’s own export has it"
            )
        return f"the SKU {label!r} leads to no single product of the shop, and a new product needs a title"

    def _by_earlier_address(self, given: InputProduct, shop: ShopProducts) -> ShopProduct | None:
        candidates = [shop.by_slug.get(slug) for slug in given.earlier_slugs]
        candidates.append(shop.by_redirect.get(given.handle or given.new_slug))
        for product in candidates:
            if product is not None and not self._is_handle_in_file(product.slug) and _may_be(product, given):
                return product
        return None


def _may_be(product: ShopProduct, given: InputProduct) -> bool:
    """Return whether nothing says that the product at an earlier address is another one."""
    if product.slug in given.earlier_slugs and _DIGEST.fullmatch(product.slug):
        return True
    title, labels = given.values.get("title"), _labels(given)
    if title and strip_marks(str(title)) == strip_marks(product.columns["title"]):
        return True
    if labels & {variant.label for variant in product.variants}:
        return True
    return not title and not labels


def _labels(given: InputProduct) -> set[str]:
    return {label for variant in given.variants if (label := variant.values.get("label"))}
