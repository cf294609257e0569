"""Change the address (slug) of a product."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.models import Product, ProductRedirect


def is_taken(session: Session, slug: str, product_id: int) -> bool:
    """Return whether another product has this slug now."""
    query = select(Product.id).where(Product.slug == slug, Product.id != product_id)
    return session.execute(query).first() is not None


def change_slug(
    session: Session, product: Product, slug: str, found: Sequence[ProductRedirect] | None = None
) -> None:
    """Change a product's slug, and redirect (301) the old one to it. The caller has checked that it is free.

    Args:
        session: the transaction.
        product: the product.
        slug: its new slug.
        found: the redirects from both slugs, if the caller has read them.
    """
    if slug == product.slug:
        return
    if found is None:
        with session.no_autoflush:
            query = select(ProductRedirect).where(ProductRedirect.slug.in_((slug, product.slug)))
            found = session.execute(query).scalars().all()
    redirects = {redirect.slug: redirect for redirect in found}
    if (stale := redirects.get(slug)) is not None:
        session.delete(stale)
    if (earlier := redirects.get(product.slug)) is None:
        session.add(ProductRedirect(slug=product.slug, product_id=product.id))
    else:
        earlier.product_id = product.id
    product.slug = slug
