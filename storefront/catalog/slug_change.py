"""Change the address (slug) of a product."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.models import Product, ProductRedirect


def is_taken(session: Session, slug: str, product_id: int) -> bool:
    """Return whether another product has this slug now."""
    query = select(Product.id).where(Product.slug == slug, Product.id != product_id)
    return session.execute(query).first() is not None


def change_slug(session: Session, product: Product, slug: str) -> None:
    """Change a product's slug, and redirect (301) the old one to it. The caller has checked that it is free."""
    if slug == product.slug:
        return
    query = select(ProductRedirect).where(ProductRedirect.slug.in_((slug, product.slug)))
    with session.no_autoflush:
        redirects = {found.slug: found for found in session.execute(query).scalars()}
    if (stale := redirects.get(slug)) is not None:
        session.delete(stale)
    if (earlier := redirects.get(product.slug)) is None:
        session.add(ProductRedirect(slug=product.slug, product_id=product.id))
    else:
        earlier.product_id = product.id
    product.slug = slug
