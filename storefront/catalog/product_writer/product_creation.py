"""Create a product: a draft first, which then becomes what the edit wants."""

from __future__ import annotations

from itertools import count

from sqlalchemy import delete, select, union_all
from sqlalchemy.orm import Session

from storefront.catalog.models import Product, ProductRedirect
from storefront.catalog.product_writer import validation
from storefront.catalog.product_writer.locked_product import LockedProduct
from storefront.catalog.product_writer.product_edit import ProductEdit
from storefront.catalog.slugs import MAX_TITLE_BYTES, slugify

_AT_ONCE = 20  # addresses in one look-up


def add_draft(session: Session, edit: ProductEdit) -> LockedProduct:
    """Add an empty draft at the address that an edit wants; without one, at a free address made of its title.

    A redirect from that address to another product ends.

    Raises:
        ProductRefusedError: 422; the text and the faults say why.
        IntegrityError: another product has this address.
    """
    row = Product(slug="", title=str(edit.values.get("title", "")), status="draft")
    loaded = LockedProduct(row, (None, None), [], {}, {})
    validation.validate(loaded, edit)
    row.slug = edit.slug if edit.slug is not None else _free_slug(session, row.title)
    session.execute(delete(ProductRedirect).where(ProductRedirect.slug == row.slug))
    session.add(row)
    session.flush()
    return loaded


def _free_slug(session: Session, title: str) -> str:
    """Return a slug made of a title that no product has or had: with a number if the plain one is taken."""
    slug = slugify(title, limit=MAX_TITLE_BYTES - 8)
    for start in count(1, _AT_ONCE):
        wanted = [f"{slug}-{n}" if n > 1 else slug for n in range(start, start + _AT_ONCE)]
        taken = set(
            session.execute(
                union_all(
                    *(
                        select(model.slug).where(model.slug.in_(wanted))
                        for model in (Product, ProductRedirect)
                    )
                )
            ).scalars()
        )
        if free := next((each for each in wanted if each not in taken), ""):
            return free
    raise AssertionError("numbers do not end")
