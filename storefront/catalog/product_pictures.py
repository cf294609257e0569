"""The pictures of a product's page: its own, and those that its description names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, bindparam, literal, select, union_all

from storefront import cache
from storefront.catalog.description_pictures import find_own, find_sources
from storefront.catalog.models import DescriptionPicture, ProductImage, RenditionSet
from storefront.catalog.page_data import RENDITION_COLUMNS, Picture
from storefront.joint_queries import read_rows
from storefront.shop_cache import keys
from storefront.text_translations import built_once


def load_pictures(item: Any) -> tuple[list[Picture], dict[int, int], dict[str, Picture]]:
    """Return a product's pictures, the index of each in that list by its row's id, and those of its description.

    Runs one statement for both: each page of the catalogue may run five.
    """
    sources = find_sources(item.description_html)
    cache.depends_on(*map(keys.description_picture_tag, sources))
    values = {"product": item.id, **({"sources": sources} if sources else {})}
    rows = read_rows(_select_pictures(bool(sources)), values)
    pictures: list[Picture] = []
    places: dict[int, int] = {}
    in_description: dict[str, Picture] = {}
    for row in sorted(rows, key=lambda row: (row.position, row.id)):
        picture = Picture.of_row(row, "" if row.key else row.alt or item.title)
        if picture is None:
            continue
        if row.key:
            in_description[row.key] = picture
        else:
            places[row.id] = len(pictures)
            pictures.append(picture)
    shown = {*find_own(item.description_html)}
    in_description |= {picture.digest: picture for picture in pictures if picture.digest in shown}
    return pictures, places, in_description


@built_once
def _select_pictures(with_sources: bool) -> Executable:
    own = (
        select(
            ProductImage.id,
            ProductImage.position,
            ProductImage.digest,
            ProductImage.width,
            ProductImage.height,
            ProductImage.alt,
            literal("").label("key"),
            *RENDITION_COLUMNS,
        )
        .outerjoin(RenditionSet, RenditionSet.digest == ProductImage.digest)
        .where(ProductImage.product_id == bindparam("product"), ProductImage.digest.is_not(None))
    )
    if not with_sources:
        return own
    of = DescriptionPicture
    named = select(
        literal(0), literal(0), of.digest, of.width, of.height, literal(""), of.key, *RENDITION_COLUMNS
    ).outerjoin(RenditionSet, RenditionSet.digest == of.digest)
    return union_all(own, named.where(of.key.in_(bindparam("sources", expanding=True))))
