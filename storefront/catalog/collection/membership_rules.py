"""The rules of collections: conditions on a product, all or any of which must hold.

`membership_end` is the one place that decides whether a product belongs to a collection. Age is the only condition
that changes by itself, and only in one direction: a product that is new becomes old. So each membership has a moment
at which it ends, and none begins without a change of the product or its stock.
"""

from __future__ import annotations

from collections.abc import Collection as Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import msgspec

from storefront.catalog.list_index.derivation import is_reduced

ConditionKind = Literal["tag", "vendor", "price_from", "price_to", "in_stock", "new", "on_sale"]
KINDS: tuple[ConditionKind, ...] = get_args(ConditionKind)
TEXT_KINDS: tuple[ConditionKind, ...] = ("tag", "vendor")
PRICE_KINDS: tuple[ConditionKind, ...] = ("price_from", "price_to")
MAX_CONDITIONS = 20
MAX_TEXT = 255  # characters
MAX_DAYS = 3650
FOREVER = datetime.max.replace(tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition on a product.

    Attributes:
        kind: what is compared.
        text: the tag or vendor, compared without case.
        number: of "price_from" and "price_to" minor units, the bounds included; of "new" days since it was made.
    """

    kind: ConditionKind
    text: str = ""
    number: int = 0


class Rule(msgspec.Struct, frozen=True):
    """A collection's rule: whether all conditions must hold, or any of them."""

    match: Literal["all", "any"]
    conditions: tuple[Condition, ...]


NOTHING = Rule("all", ())  # lists no product


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What rules ask of a product. Prices are of its cheapest variant, in minor units."""

    tags: Set[str]
    vendor: str
    price: int
    compare_at_price: int | None
    in_stock: bool
    created_at: datetime


def read_rule(stored: Any) -> Rule:
    """Return the rule of a stored JSON value."""
    return msgspec.convert(stored, Rule)


def stored_rule(rule: Rule) -> dict[str, Any]:
    """Return the JSON value to store; equal to the value that is read back."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rule))
    return value


def membership_end(rule: Rule, product: MemberFacts) -> datetime:
    """Return until when a product belongs to a collection, FOREVER if no end is known; NEVER if it does not."""
    ends = [_holds_until(condition, product) for condition in rule.conditions]
    return min(ends, default=NEVER) if rule.match == "all" else max(ends, default=NEVER)


def uses(rule: Rule, kind: ConditionKind) -> bool:
    """Return whether a rule has a condition of this kind."""
    return any(condition.kind == kind for condition in rule.conditions)


def _holds_until(condition: Condition, product: MemberFacts) -> datetime:
    match condition.kind:
        case "tag":
            holds = condition.text.casefold() in {tag.casefold() for tag in product.tags}
        case "vendor":
            holds = condition.text.casefold() == product.vendor.casefold()
        case "price_from":
            holds = product.price >= condition.number
        case "price_to":
            holds = product.price <= condition.number
        case "in_stock":
            holds = product.in_stock
        case "on_sale":
            holds = is_reduced(product.price, product.compare_at_price)
        case "new":
            return product.created_at + timedelta(days=condition.number)
    return FOREVER if holds else NEVER
