"""Stored pictures that the merchant's pages may show."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from storefront.catalog import picture_queue
from storefront.catalog.models import PagePicture
from storefront.content.front_page import page_sections
from storefront.extensions import connection_of, insert_function


def remember_pictures(session: Session, found: Sequence[page_sections.SectionPicture]) -> None:
    """Note that pages may show these stored pictures, and have all their renditions made."""
    connection = connection_of(session)
    insert = insert_function(connection)(PagePicture).on_conflict_do_nothing(index_elements=["digest"])
    for each in found:
        connection.execute(insert, {"digest": each.digest, "width": each.width, "height": each.height})
    picture_queue.enqueue(session, [each.digest for each in found])
