"""The lines of the history: changes of the catalogue and settings, steps of orders and work on access, as one list.

Each has its home in the room that records it; here they are read with one filter and merged by their time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import url_for

from storefront import shop_settings
from storefront.accounts import security_events, staff_actions
from storefront.accounts.models import SecurityEvent
from storefront.actors import describe_actors, ids_of
from storefront.admin.history_names import name_choices, name_row
from storefront.admin.history_products import ProductNames, read_product_names
from storefront.admin.terms_of_sale import term_lines
from storefront.change_sets import comparison, field_names, recorded_changes
from storefront.change_sets.changes import ValueChange
from storefront.checkout import staff_steps
from storefront.history import RecordedChange
from storefront.history.reading import HistoryFilter, read_changes
from storefront.i18n import lazy_gettext
from storefront.money import Money
from storefront.web.staff_access import may

ORDER, ACCESS = "order", "access"  # kinds of lines beside the tables that the history records
KINDS = {
    "product": lazy_gettext("products"),
    "variant": lazy_gettext("variants"),
    "product_image": lazy_gettext("pictures"),
    "category": lazy_gettext("categories"),
    "collection": lazy_gettext("collections"),
    "content_page": lazy_gettext("pages"),
    "menu": lazy_gettext("menus"),
    "stock_item": lazy_gettext("stock settings"),
    "front_page": lazy_gettext("the front page"),
    "shop_setting": lazy_gettext("settings of the shop"),
    "letter_words": lazy_gettext("words of letters"),
    "text_translation": lazy_gettext("translations"),
    "launch_state": lazy_gettext("first steps"),
    "change_set": lazy_gettext("imports and changes of many products"),
    ORDER: lazy_gettext("orders"),
    ACCESS: lazy_gettext("people and access"),
    "shop_document": lazy_gettext("delivery, taxes and payment"),
}


@dataclass(slots=True)
class HistoryLine:
    """One change as pages show it.

    Attributes:
        at: when.
        actor: its text, for the filter; `who` is the same in words.
        kind: a table, or "order" or "access".
        name: of what was changed; `link` leads to it.
        verb: what was done: an action of the history, the kind of an order's event, or words.
        fields: name, old and new value of each.
        amount, note: what was paid or refunded; what somebody wrote.
        tags: cache tags that were dropped.
        change_set_id: the change set that did it.
        undo_id: the recorded change that can be undone.
    """

    at: datetime
    actor: str
    kind: str
    name: str
    verb: str
    who: str = ""
    link: str = ""
    fields: Sequence[tuple[str, str, str]] = ()
    amount: Money | None = None
    note: str = ""
    tags: Sequence[str] = ()
    change_set_id: int | None = None
    undo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the list ends: the last id of each source that was shown."""

    recorded: int | None = None
    order: int | None = None
    access: int | None = None


@dataclass(slots=True)
class HistoryPage:
    """A page of the list; `following` is where the next one begins. `staff` has the members' names by account id."""

    lines: list[HistoryLine]
    following: Cursor | None
    staff: Mapping[str, str]


def read_page(wanted: HistoryFilter, cursor: Cursor, size: int) -> HistoryPage:
    """Return the newest lines of a filter that the person may see."""
    recorded: Sequence[RecordedChange] = ()
    steps: Sequence[staff_steps.OrderStep] = ()
    actions: Sequence[SecurityEvent] = ()
    if wanted.kind not in (ORDER, ACCESS):
        recorded = read_changes(wanted, size + 1, before=cursor.recorded)
    if wanted.product_id is None and wanted.kind in ("", ORDER) and may("orders:read"):
        steps = staff_steps.read_steps(wanted, cursor.order, size + 1)
    if wanted.product_id is None and wanted.kind in ("", ACCESS) and may("staff:read"):
        actions = staff_actions.read_actions(wanted, cursor.access, size + 1)
    # Each source keeps its own order, by which its part of the cursor goes.
    merged = heapq.merge(
        (("recorded", change.id, line) for change, line in zip(recorded, _lines_of(recorded), strict=True)),
        (("order", step.id, _line_of_step(step)) for step in steps),
        (("access", event.id, _line_of_action(event)) for event in actions),
        key=lambda each: each[2].at,
        reverse=True,
    )
    found = list(itertools.islice(merged, size + 1))
    shown = found[:size]
    lines = [line for _source, _id, line in shown]
    _mark_undoable(recorded, [line for source, _id, line in shown if source == "recorded"])
    ends = {source: key for source, key, _line in shown}  # the last one of each
    following = replace(cursor, **ends) if len(found) > size else None
    return HistoryPage(lines, following, name_actors(lines))


def read_latest(product_id: int, size: int) -> list[HistoryLine]:
    """Return the newest changes of a product, its variants and pictures, without their undo."""
    lines = _lines_of(read_changes(HistoryFilter(product_id=product_id), size))
    name_actors(lines)
    return lines


def name_actors(lines: Collection[HistoryLine]) -> Mapping[str, str]:
    """Set who did each, in words; return the names of the staff by account id."""
    texts = {line.actor for line in lines}
    staff, former = staff_actions.read_staff_names(ids_of(texts, "staff"))
    words = describe_actors(texts, {"staff": {**former, **staff}})
    for line in lines:
        line.who = words[line.actor]
    return staff


def _lines_of(changes: Sequence[RecordedChange]) -> list[HistoryLine]:
    names, products = recorded_changes.read_category_names(changes), read_product_names(changes)
    return [_line_of_change(change, names, products) for change in changes]


def _line_of_change(
    change: RecordedChange, names: Mapping[int, list[str]], products: ProductNames
) -> HistoryLine:
    line = HistoryLine(change.at, change.actor, change.kind, name_row(change), change.action)
    currency = shop_settings.current().currency
    line.fields = [
        (field_names.name_field(name), *comparison.compare_values(name, ValueChange(old, new), currency))
        for name, (old, new) in recorded_changes.name_fields(change, names).items()
    ]
    line.tags, line.change_set_id = change.tags, change.change_set_id
    if change.kind == "shop_document" and change.name in term_lines.LABELS:
        line.name, line.link = str(term_lines.LABELS[change.name]), url_for(f"admin_terms.{change.name}")
        line.fields = term_lines.compare_documents(*change.fields.get("value", ["", ""]))
    elif change.kind == "shop_setting":
        line.fields = name_choices(change.name, line.fields)
    elif change.kind == "change_set":
        line.link = url_for("admin_change_sets.show", number=int(change.row_id))
    else:
        name, link = products.describe(change)
        line.name, line.link = name or line.name, link or _link_to_changes(change.product_id)
    return line


def _link_to_changes(product_id: int | None) -> str:
    return url_for("admin_history.all_changes", product=product_id) if product_id else ""


def _line_of_step(step: staff_steps.OrderStep) -> HistoryLine:
    line = HistoryLine(step.at, step.actor, ORDER, step.number, step.kind)
    line.link = url_for("admin_orders.show", number=step.number)
    line.amount, line.note, line.fields = step.amount, step.note, step.fields
    return line


def _line_of_action(event: SecurityEvent) -> HistoryLine:
    kind = next((each for name, each in security_events.KINDS.items() if name == event.kind), None)
    line = HistoryLine(event.at, event.actor, ACCESS, event.name, str(kind.label if kind else event.kind))
    line.note = kind.describe(event.detail) if kind else event.detail
    return line


def _mark_undoable(changes: Sequence[RecordedChange], lines: Sequence[HistoryLine]) -> None:
    """Set `undo_id` of the lines, which were made of the first of these changes."""
    shown = changes[: len(lines)]
    undoable = recorded_changes.find_undoable(shown) if may("catalog:write") else set()
    for change, line in zip(shown, lines, strict=True):
        line.undo_id = change.id if change.id in undoable else None
