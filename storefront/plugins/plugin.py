"""What a plugin is: one object, which an entry point of the group `storefront.plugins` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from flask import Blueprint
from sqlalchemy.orm import Session

from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.order_events import OrderChange
from storefront.checkout.payment import PaymentProvider
from storefront.rate_limiting.policies import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePage:
    """A page of the back office that its menu shows to people who may open it.

    Attributes:
        endpoint: of a view with `permission_required`, below /admin.
        label: its name in the menu.
    """

    endpoint: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSetting:
    """A value that the merchant sets at /admin/plugins; the plugin reads it with `read_settings`.

    Attributes:
        name: lower-case letters, digits and underscores.
        label: what the merchant reads beside the field.
        default: the text while nothing is stored.
        hint: what it does, in a sentence.
        check: takes the typed text and returns the text to store; raises ValueError with a sentence for people.
    """

    name: str
    label: str
    default: str = ""
    hint: str = ""
    check: Callable[[str], str] = str.strip


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginTask:
    """Work that every serving process does again and again, in an application context; others may do it as well.

    Attributes:
        name: lower-case letters, digits and underscores.
        work: called without arguments. If it fails, the log says so, and it is tried again after the interval.
        interval: seconds between two runs, at least 1.
    """

    name: str
    work: Callable[[], object]
    interval: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin, and the places of the shop that it takes.

    Attributes:
        name: lower-case letters, digits and underscores; the plugin's tables begin with it.
        version: for people.
        blueprints: pages, with their templates. Views declare rate limits with `limit`, or are under `browse`;
            those below /admin declare a permission with `permission_required`.
        office_pages: the pages for the menu of the back office.
        payment_providers: ways to pay, with codes of their own.
        delivery_methods: ways of delivery, with codes of their own, beside those that the merchant has set.
        settings: what the merchant sets.
        slots: a template for each of the places in `SLOTS` that the plugin fills.
        order_changed: called for every event of every order, in the transaction that records it. It must not wait
            for a network: it may write rows of its own, which a command or a task works off.
        availability_changed: called when a product sells out or can be bought again, in the transaction, with its id.
        migrations: a folder of Alembic revisions (`versions/*.py`) for tables of its own.
        commands: commands of `flask`.
        policies: rate limits of its own, made with `create_policy`, for its views; their names begin with the
            plugin's name and a dot, and settings change them as they change the shop's.
        tasks: work of its own that is done again and again.
    """

    name: str
    version: str = ""
    blueprints: Sequence[Blueprint] = ()
    office_pages: Sequence[OfficePage] = ()
    payment_providers: Sequence[PaymentProvider] = ()
    delivery_methods: Sequence[DeliveryMethod] = ()
    settings: Sequence[PluginSetting] = ()
    slots: Mapping[str, str] = field(default_factory=dict)
    order_changed: Callable[[Session, OrderChange], None] | None = None
    availability_changed: Callable[[Session, int], None] | None = None
    migrations: Path | None = None
    commands: Sequence[click.Command] = ()
    policies: Sequence[Policy] = ()
    tasks: Sequence[PluginTask] = ()
