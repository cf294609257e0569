"""The texts of a product in a file: descriptions, tags and categories, with what the shop can hold of them."""

from __future__ import annotations

from collections.abc import Iterable

from storefront.catalog.html_sanitiser import describe_removed, find_excess, sanitise
from storefront.catalog.models import MAX_LEVELS, MAX_PATH, MOST_FURTHER
from storefront.catalog.slugs import slugify
from storefront.catalog_files.file_reader import FileReader
from storefront.catalog_files.product_columns import ProductRow
from storefront.change_sets.inputs import InputProduct
from storefront.sheets import cells

MAX_TAGS = 250  # of one product; as many as Shopify allows
MAX_TAG = 255  # characters
CATEGORY_SEPARATOR = " | "  # between further categories
NO_CATEGORY = "uncategorized"  # other shops' word for "none"


def read_text(reader: FileReader, product: InputProduct, row: ProductRow, name: str, limit: int) -> str:
    """Return a text of the product, cut to `limit` characters with a note; 0: as long as it is."""
    text = cells.clean_text(row.cells.get(name, ""))
    if limit and len(text) > limit:
        reader.note(product, row.line, name, f"only its first {limit} characters were imported")
        return text[:limit]
    return text


def read_description(
    reader: FileReader, product: InputProduct, row: ProductRow, name: str, html: str
) -> None:
    """Set the product's description, sanitised."""
    if excess := find_excess(html):
        reader.note(product, row.line, name, f"{excess}; only its text was imported")
    elif removed := describe_removed(html):
        reader.note(product, row.line, name, removed)
    product.values["description_html"] = sanitise(html)


def read_tags(
    reader: FileReader, product: InputProduct, row: ProductRow, name: str, parts: list[str]
) -> None:
    """Set the product's tags."""
    if len(parts) > MAX_TAGS:
        reader.note(product, row.line, name, f"only the first {MAX_TAGS} were imported")
    tags = [cells.clean_text(part) for part in parts[:MAX_TAGS]]
    if any(len(tag) > MAX_TAG for tag in tags):
        reader.note(product, row.line, name, f"only the first {MAX_TAG} characters of a tag were imported")
    tags = [tag[:MAX_TAG] for tag in tags]
    product.values["tags"] = list(dict.fromkeys(tag for tag in tags if tag))


def read_category(
    reader: FileReader, product: InputProduct, row: ProductRow, name: str, parts: Iterable[str]
) -> tuple[str, ...]:
    """Return a category's names from the top down: as many levels as the shop can hold."""
    levels = tuple(part for part in (cells.clean_text(p, 255) for p in parts) if part)
    if len(levels) == 1 and is_no_category(levels[0]):
        return ()
    kept = min(len(levels), MAX_LEVELS)
    while len("/".join(slugify(level) for level in levels[:kept])) > MAX_PATH:
        kept -= 1
    if kept < len(levels):
        reader.note(product, row.line, name, f"only its first {kept} levels were imported")
    return levels[:kept]


def set_further_categories(
    reader: FileReader, product: InputProduct, row: ProductRow, name: str, found: Iterable[tuple[str, ...]]
) -> None:
    """Set the product's further categories, each once; the main one does not count among them."""
    further = [names for names in dict.fromkeys(found) if names and names != product.category]
    if len(further) > MOST_FURTHER:
        reader.note(product, row.line, name, f"only the first {MOST_FURTHER} were imported")
    product.further = tuple(further[:MOST_FURTHER])


def is_no_category(name: str) -> bool:
    """Return whether a category's name means that the product has none."""
    return name.casefold() == NO_CATEGORY
