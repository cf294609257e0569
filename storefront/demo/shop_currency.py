"""Changes the shop's currency as long as it has only the demo, whose prices follow; afterwards it is fixed."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product
from storefront.checkout import Order
from storefront.demo import catalogue, loader, removal
from storefront.i18n import gettext as _
from storefront.money import minor_units
from storefront.shop_settings.stored_settings import SettingRefusedError, before_change


def init_app(app: Flask) -> None:
    """Check each change of the currency in the transaction that makes it."""
    before_change.register(app, _follow_currency)


def find_obstacle(session: Session) -> str:
    """Return why the currency cannot be changed any more, in a sentence; empty if it can.

    Amounts are stored in minor units, without their currency: another one would change what they mean.
    """
    if session.execute(select(Order.id).limit(1)).first() is not None:
        return _("There is an order, so the currency of the shop is fixed.")
    if session.scalar(select(func.count(Product.id))) != len(removal.find_unchanged(session)):
        return _("There are products of your own, so the currency of the shop is fixed.")
    return ""


def _follow_currency(session: Session, name: str, value: object) -> None:
    """Refuse another currency, or give the demo its prices in it."""
    old, new = shop_settings.current().currency, str(value)
    if name != "currency" or old == new:
        return
    if obstacle := find_obstacle(session):
        raise SettingRefusedError(name, obstacle)
    if minor_units(old) != minor_units(new):
        _price_demo(session, minor_units(old), minor_units(new))


def _price_demo(session: Session, before: int, after: int) -> None:
    """Give the demo's products the prices that a demo in the new currency is loaded with."""
    items = {item.slug: item for item in catalogue.read_products()}
    ids = removal.find_unchanged(session)
    for product in session.scalars(select(Product).where(Product.id.in_(ids))):
        item = items.get(product.slug)
        fresh = {each.sku: each for each in loader.describe_product(item, after).variants} if item else {}
        for variant in product.variants:
            if variant.sku in fresh:
                variant.price = fresh[variant.sku].price
                variant.compare_at_price = fresh[variant.sku].compare_at_price
            else:  # of an earlier version's demo
                variant.price = int(Decimal(variant.price).scaleb(after - before))
                if variant.compare_at_price is not None:
                    variant.compare_at_price = int(Decimal(variant.compare_at_price).scaleb(after - before))
    session.flush()
    writer.refresh(session, ids)
