"""Rows of a product CSV → what they say of the product's pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from storefront.catalog.picture_edits import MAX_PICTURES
from storefront.catalog_files.file_reader import FileReader, UnusableCellError
from storefront.catalog_files.product_columns import ProductRow
from storefront.change_sets.inputs import InputPicture, InputProduct
from storefront.sheets import cells


def read_pictures(
    file: FileReader, product: InputProduct, rows: Sequence[ProductRow], *, taken: Collection[int]
) -> None:
    """Add the pictures of these rows to the product, in the order of their positions.

    Args:
        file: the file.
        product: the product, with its variants.
        rows: of the product.
        taken: the lines whose kept columns belong to the product or to a variant.
    """
    found: dict[str, InputPicture] = {}
    for row in rows:
        source = row.cells.get("image", "").strip()
        if not source or source in found:
            continue
        if len(found) >= MAX_PICTURES:
            file.note(product, row.line, "image", f"only the first {MAX_PICTURES} pictures were imported")
            break
        found[source] = InputPicture(
            line=row.line,
            source=source,
            position=_position(file, row),
            alt=cells.clean_text(row.cells["image_alt"]) if "image_alt" in row.cells else None,
            extra={} if row.line in taken else {header: cell for header, cell in row.extra.items() if cell},
        )
    pictures = list(found.values())
    if all(picture.position is not None for picture in pictures):
        pictures.sort(key=lambda picture: picture.position or 0)
    for variant in product.variants:  # a variant may have a picture that the product does not list
        if variant.picture and variant.picture not in found and len(pictures) < MAX_PICTURES:
            found[variant.picture] = InputPicture(line=variant.line, source=variant.picture)
            pictures.append(found[variant.picture])
    product.pictures = pictures


def _position(file: FileReader, row: ProductRow) -> int | None:
    """Return the picture's position; None if the file does not say it, or if it is not a number."""
    try:
        position = file.number(row, "image_position")
    except UnusableCellError:
        return None
    return None if position is None else max(position, 0)
