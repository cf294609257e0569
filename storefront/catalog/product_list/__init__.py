"""The list of all products for the back office: drafts and archived ones too, with search, filters and sorts.

The list index holds what the shop shows; this list reads the products' own rows, within the same limits: at most
SCAN_LIMIT rows are read and MATCH_LIMIT matches kept, so its cost does not grow with the shop.
"""

from __future__ import annotations

from storefront.catalog.product_list.listed_products import ListedProduct, load_rows
from storefront.catalog.product_list.product_choices import list_choices
from storefront.catalog.product_list.product_filter import ProductFilter, read_filter
from storefront.catalog.product_list.product_selection import (
    ProductSelection,
    iterate_matching_ids,
    list_matching_ids,
    select_products,
)

__all__ = [
    "ListedProduct",
    "ProductFilter",
    "ProductSelection",
    "iterate_matching_ids",
    "list_choices",
    "list_matching_ids",
    "load_rows",
    "read_filter",
    "select_products",
]
