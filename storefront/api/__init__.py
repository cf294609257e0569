"""The JSON API: the shop for programs. docs/api.md is the guide for their authors."""

from __future__ import annotations

from functools import partial

from flask import Flask

from storefront import actors, rate_limiting
from storefront.api import cli, problems, tokens, webhook_delivery, webhooks
from storefront.api.state import ApiState, state
from storefront.api.views import (
    categories,
    category_picture_operations,
    collection_operations,
    docs,
    orders,
    picture_operations,
    products,
    variant_stock,
)

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register the operations, the commands, the webhooks, and the identity of tokens."""
    state.set(app, ApiState())
    problems.init_app(app)
    rate_limiting.register_identifier(app, partial(tokens.identify, app))
    actors.register_identifier(app, tokens.current_actor)
    actors.register_names(app, "token", tokens.read_names)
    for views in (
        products,
        picture_operations,
        variant_stock,
        categories,
        category_picture_operations,
        collection_operations,
        orders,
        docs,
    ):
        app.register_blueprint(views.bp)
    webhooks.init_app(app)
    for group in (cli.token, cli.webhook):
        app.cli.add_command(group)
    webhook_delivery.init_app(app)
