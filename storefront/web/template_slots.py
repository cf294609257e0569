"""Places in the shop's templates that plugins fill: `{{ slot("product.below_buying", product=product) }}`."""

from __future__ import annotations

import logging

from flask import Flask, current_app
from markupsafe import Markup

from storefront.app_state import AppState

log = logging.getLogger(__name__)

SLOTS = {
    "footer": "the end of every page of the shop",
    "product.below_buying": "below the button that adds a product to the basket; takes product",
    "product.end": "below the description of a product; takes product",
    "basket.below_sums": "below the sums of the basket",
    "checkout.below_sums": "below the sums at the checkout",
    "order.below_payment": "below what the page of an order says of payment; takes order",
}
"""The places by name, and what a template there gets. Those on public pages must look the same to everybody."""

_templates = AppState[dict[str, list[str]]]("web.slots")


def init_app(app: Flask) -> None:
    """Offer `slot(name, …)` to templates."""
    _templates.set(app, {})
    app.add_template_global(_slot, "slot")


def fill_slot(app: Flask, name: str, template: str) -> None:
    """Render this template at a place, after those that are there already.

    Raises:
        KeyError: there is no such place.
    """
    if name not in SLOTS:
        raise KeyError(name)
    _templates.get(app).setdefault(name, []).append(template)


def _slot(name: str, **values: object) -> Markup:
    """Return what plugins show at a place. A template that fails is left out; the page goes on."""
    shown = Markup("")
    for template in _templates.get(current_app).get(name, ()):
        try:
            text = current_app.jinja_env.get_template(template).render(values)
        except Exception:  # of other people's code
            log.exception("A plugin's template cannot be shown: slot %s, template %s.", name, template)
        else:
            shown += Markup(text)  # noqa: S704  # nosec B704  # a rendered template
    return shown
