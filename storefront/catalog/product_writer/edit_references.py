"""Who has the address that an edit wants, and which redirects lead from there. One statement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from storefront.catalog.models import Product, ProductRedirect
from storefront.catalog.product_writer.product_edit import EditFault, ProductRefusedError


def find_redirects(session: Session, product: Product, slug: str) -> Sequence[ProductRedirect]:
    """Return the redirects from the present and from the wanted address of a product.

    Raises:
        ProductRefusedError: 409, another product has the address.
    """
    one = select(literal(1).label("one")).subquery()
    other = select(Product.id).where(Product.slug == slug, Product.id != product.id).scalar_subquery()
    query = select(one.c.one, ProductRedirect, other.label("other")).outerjoin_from(
        one, ProductRedirect, ProductRedirect.slug.in_((slug, product.slug))
    )
    with session.no_autoflush:  # so that the product's row is written once
        rows = session.execute(query).all()
    if rows[0].other is not None:
        fault = EditFault("Another product has this address.", "/slug")
        raise ProductRefusedError(409, "Another product has this slug.", fault)
    return [row.ProductRedirect for row in rows if row.ProductRedirect is not None]
