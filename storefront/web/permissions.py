"""What each role of the staff may do: the one table that pages, navigation, the scopes of API tokens and tests read.

A permission is named `area:read` or `area:write`; the second includes the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from storefront.i18n import lazy_gettext

RoleName = Literal["owner", "manager", "catalogue", "orders", "stock", "viewer"]


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that a role, or an API token, may be allowed to do.

    Attributes:
        sentence: what it allows, for people.
        is_scope: whether an API token can have it.
    """

    sentence: str
    is_scope: bool = False


PERMISSIONS: Mapping[str, Permission] = {
    "catalog:read": Permission("drafts and archived products, categories without products", is_scope=True),
    "catalog:write": Permission("change products", is_scope=True),
    "stock:read": Permission("exact stock, whatever the public sees", is_scope=True),
    "stock:write": Permission("set stock", is_scope=True),
    "orders:read": Permission("orders, with names and addresses", is_scope=True),
    "orders:write": Permission("change the state of orders", is_scope=True),
    "customers:read": Permission("accounts of customers"),
    "customers:write": Permission("disable accounts of customers"),
    "content:read": Permission("pages, menus and the front page, with drafts"),
    "content:write": Permission("change pages, menus and the front page"),
    "settings:read": Permission("the shop's settings"),
    "settings:write": Permission("change the shop's settings"),
    "changes:read": Permission("who changed what"),
    "staff:read": Permission("members of the staff and security events"),
    "staff:write": Permission("invite members of the staff, change their roles, remove them"),
    "system:read": Permission("figures of the services, the cache and the rate limits"),
}
SCOPES: Mapping[str, str] = {name: each.sentence for name, each in PERMISSIONS.items() if each.is_scope}

_CATALOGUE = frozenset({"catalog:write", "content:write", "stock:read", "changes:read"})
_VIEWER = frozenset(name for name in PERMISSIONS if name.endswith(":read") and not name.startswith("staff"))
ROLES: Mapping[RoleName, Collection[str]] = {
    "owner": frozenset(PERMISSIONS),
    "manager": frozenset(PERMISSIONS) - {"staff:write"},
    "catalogue": _CATALOGUE,
    "orders": frozenset({"orders:write"}),
    "stock": frozenset({"stock:write"}),
    "viewer": _VIEWER,
}
ROLE_NAMES: tuple[RoleName, ...] = get_args(RoleName)
ROLE_LABELS: Mapping[RoleName, str] = {
    "owner": lazy_gettext("Owner"),
    "manager": lazy_gettext("Manager"),
    "catalogue": lazy_gettext("Catalogue"),
    "orders": lazy_gettext("Orders"),
    "stock": lazy_gettext("Stock"),
    "viewer": lazy_gettext("Viewer"),
}
ROLE_SENTENCES: Mapping[RoleName, str] = {
    "owner": lazy_gettext("May do everything, and decides who works here."),
    "manager": lazy_gettext("May do everything but invite people and change their roles."),
    "catalogue": lazy_gettext("Products, categories and pages; sees stock."),
    "orders": lazy_gettext("Orders only: payment, shipping and refunds."),
    "stock": lazy_gettext("Stock only: deliveries, counts and corrections."),
    "viewer": lazy_gettext("Sees everything but the staff, and changes nothing."),
}


def allows(granted: Collection[str], permission: str) -> bool:
    """Return whether these permissions include this one.

    Raises:
        KeyError: there is no such permission.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    area, _colon, verb = permission.partition(":")
    return permission in granted or (verb == "read" and f"{area}:write" in granted)


def permissions_of(role: str) -> Collection[str]:
    """Return what a role may do; nothing if there is no such role, so that an unknown one opens no door."""
    return next((granted for name, granted in ROLES.items() if name == role), frozenset())
