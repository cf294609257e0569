"""The pages of checkout and orders. What changes something is a POST and answers 303; all are private."""

from storefront.checkout.pages import checkout, history, orders, staff
from storefront.checkout.payment import webhooks

BLUEPRINTS = (checkout.bp, orders.bp, history.bp, staff.bp, webhooks.bp)
"""All blueprints of this room."""
