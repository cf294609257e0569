"""The application factory. It reads as a table of contents of the shop, in the order in which the rooms are wired."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from storefront import (
    accounts,
    actors,
    admin,
    api,
    cache,
    cart,
    catalog,
    catalog_files,
    cdn,
    change_sets,
    checkout,
    content,
    deletions,
    demo,
    edge,
    history,
    i18n,
    limit_policies,
    mail,
    moments,
    ops,
    outbox,
    periodic,
    plugins,
    postal,
    rate_limiting,
    redis_roles,
    sessions,
    shop_cache,
    shop_settings,
    stock,
    text_translations,
    web,
)
from storefront.config import Settings, instance_directory
from storefront.extensions import db, init_migrations
from storefront.pauses import PausingTemplate
from storefront.plugins.installed import policy_beginnings
from storefront.shop_settings import closed_shop, printed_settings
from storefront.web import body_limits, hosts, prefix, same_origin, theme
from storefront.web.language_routes import MultilingualFlask
from storefront.web.template_environment import ShopEnvironment

ROOT = Path(__file__).parent.parent


def create_app(environ: Mapping[str, str] | None = None, *, instance: Path | None = None) -> Flask:
    """Return the shop as a WSGI application.

    Args:
        environ: the settings; the process's environment by default.
        instance: directory of this installation's data; `instance/` of the checkout by default.

    Raises:
        ConfigurationError: a setting is missing or invalid; the text says how to correct it.
    """
    environ = os.environ if environ is None else environ
    instance = instance or instance_directory(environ, ROOT / "instance")
    app = MultilingualFlask(
        "storefront",
        instance_path=str(instance),
        template_folder=ROOT / "templates",
        static_folder=None,
    )
    app.config.from_mapping(Settings.from_environ(environ, instance).to_flask())
    app.config["APPLICATION_ROOT"] = app.config["PREFIX"] or "/"
    _configure_templates(app)  # first: the options count when the environment is made
    theme.init_app(app)
    moments.init_app(app)

    # What all rooms use.
    i18n.init_app(app)
    actors.init_app(app)
    db.init_app(app)
    init_migrations(app, ROOT / "migrations")
    periodic.init_app(app)
    web.init_app(app)
    redis_roles.init_app(app)
    sessions.init_app(app)
    outbox.init_app(app)
    rate_limiting.init_app(app, limit_policies.POLICIES, limit_policies.ENDPOINT_COSTS, policy_beginnings())
    hosts.init_app(app)
    deletions.init_app(app)
    history.init_app(app)  # before the cache, which takes the tags of a transaction away
    closed_shop.init_app(app)  # before the cache, which a worker that knows of the closing need not ask
    cache.init_app(app, shop_cache.TAG_KINDS, shop_cache.PAGE_SETTINGS)
    closed_shop.guard_builds(app)  # after the cache, whose pages were built while the shop was open
    cdn.init_app(app)
    same_origin.init_app(app)
    body_limits.init_app(app)
    rate_limiting.init_account_limits(app)

    # The rooms of the shop, each above those that it uses.
    shop_settings.init_app(app)
    printed_settings.init_app(app)
    postal.init_app(app)
    mail.init_app(app)
    text_translations.init_app(app)
    stock.init_app(app)
    catalog.init_app(app)
    change_sets.init_app(app)
    catalog_files.init_app(app)
    content.init_app(app)
    accounts.init_app(app)
    cart.init_app(app)
    checkout.init_app(app)
    demo.init_app(app)
    api.init_app(app)
    ops.init_app(app)
    admin.init_app(app)
    plugins.init_app(app)
    theme.check_templates(app)

    # WSGI layers, from the inside to the outside.
    edge.init_app(app)
    measure = ops.measure(app)
    edge.init_fast_path(app, measure)
    prefix.check_prefix(app)
    app.wsgi_app = prefix.PrefixLayer(app, app.wsgi_app)  # type: ignore[method-assign]
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _configure_templates(app: Flask) -> None:
    app.jinja_options = {
        **app.jinja_options,
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    app.jinja_environment = ShopEnvironment
    app.jinja_env.template_class = PausingTemplate
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}

    @app.template_filter("money")
    def money(value: Any) -> str:
        return str(value.format(i18n.shop_locale()))
