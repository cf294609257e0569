"""Imports, sales, edits by API, imports of partial files and undos in random sequences: nothing is lost."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from storefront import stock
from storefront.api import tokens
from storefront.change_sets.changes import ProductChange
from storefront.change_sets.inputs import InputPicture, InputProduct, InputVariant
from storefront.change_sets.models import ChangeSetRow
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.results import RowResult
from storefront.extensions import db, write_transaction
from tests.change_sets.plans import plan
from tests.change_sets.stored_sets import apply, shop, undo
from tests.selection import effort

State = dict[str, dict[str, Any]]
OPTIONS = ("option1", "option2", "option3")
# The list index copies them from the variants.
DERIVED = ("price", "price_max", "compare_at_price")
SIZES = st.sampled_from(["S", "M", "L", "l", "Café", "+1", "-1"])


@dataclass
class Applied:
    """A change set, and the shop before and after it."""

    number: int
    before: State
    after: State


class Shop(RuleBasedStateMachine):
    """Two products that files, sales and the API change. Each step is compared with the state before it."""

    def __init__(self, client: FlaskClient, token: str, round_number: int) -> None:
        super().__init__()
        self.client, self.authorization = client, {"Authorization": f"Bearer {token}"}
        self.handles = [f"tee-{round_number}", f"cap-{round_number}"]
        self.applied: list[Applied] = []

    @rule(data=st.data(), removes=st.booleans(), mode=st.sampled_from(["keep", "set", "add"]))
    def import_file(self, data: st.DataObject, removes: bool, mode: str) -> None:
        """Import a file with some of the columns, of one product or both."""
        before, lines = self.state(), count(2)
        handles = data.draw(st.lists(st.sampled_from(self.handles), min_size=1, max_size=2, unique=True))
        inputs = [draw_input(data, handle, before.get(handle), lines) for handle in handles]
        choices: dict[str, Any] = {"stock_missing": "zero", "remove_missing": removes, "stock": mode}
        changes, report = plan(*copy.deepcopy(inputs), **choices)
        assert self.state() == before
        number = apply(*changes)
        after = self.state()
        check_import(before, after, inputs, changes, report, **choices)
        self.applied.append(Applied(number, before, after))
        again, next_report = plan(*copy.deepcopy(inputs), **choices | {"stock": "keep"})
        settled = find_settled(inputs, report, next_report)
        assert [c for c in again if c.slug in settled and not _has_only_stock(c)] == []

    @precondition(lambda self: self.state())
    @rule(data=st.data(), number=st.integers(1, 3))
    def sell(self, data: st.DataObject, number: int) -> None:
        sku, variant = self.draw_variant(data)
        on_hand, _, tracked = variant["stock"]
        if tracked and on_hand >= number:
            with write_transaction() as session:
                stock.sell(session, sku, number, reference="an order", reserved=0)

    @precondition(lambda self: self.state())
    @rule(
        data=st.data(),
        price=st.integers(1, 9),
        vendor=st.sampled_from(["", "Kiln"]),
        quantity=st.none() | st.integers(0, 9),
    )
    def edit_by_api(self, data: st.DataObject, price: int, vendor: str, quantity: int | None) -> None:
        sku, variant = self.draw_variant(data)
        product_id = variant["of"]
        body: dict[str, Any] = {"sku": sku, "price": {"amount": price, "currency": "USD"}}
        if quantity is not None:
            body["stock"] = quantity
        whole = {"vendor": vendor, "variants": [body]}
        address = f"/api/v1/products/{product_id}"
        found = self.client.patch(address, json=whole, headers=self.authorization)
        assert found.status_code == 200, found.text

    @precondition(lambda self: self.applied)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """Undo any change set: the last one, or one that others have followed."""
        place = data.draw(st.integers(0, len(self.applied) - 1))
        one, current = self.applied.pop(place), self.state()
        undo(one.number)
        undone, left = self.state(), find_left(one.number)
        if current == one.after:
            assert _flatten(undone) == _flatten(one.before)
            assert not left
        check_undo(one, current, undone, left)

    def state(self) -> State:
        """Return the shop's two products, as far as people change them."""
        found = {slug: product for slug, product in shop().items() if slug in self.handles}
        return {slug: {k: v for k, v in p.items() if k not in DERIVED} for slug, p in found.items()}

    def draw_variant(self, data: st.DataObject) -> tuple[str, dict[str, Any]]:
        """Choose a variant; return its code, and its values with the id of its product as `of`."""
        state = self.state()
        product = state[data.draw(st.sampled_from(sorted(state)))]
        sku = data.draw(st.sampled_from(sorted(product["variants"])))
        owner = db.session.execute(
            select(stock.StockItem.product_id).where(stock.StockItem.sku == sku)
        ).scalar_one()
        db.session.rollback()
        return sku, product["variants"][sku] | {"of": owner}


def draw_input(
    data: st.DataObject, handle: str, present: dict[str, Any] | None, lines: count[int]
) -> InputProduct:
    """Return what a file says of a product: all of a new one, and any part of one that exists."""
    draw = data.draw
    has = {
        name: present is None or draw(st.booleans())
        for name in ("title", "vendor", "extra", "prices", "options")
    }
    given = InputProduct(
        handle=handle, has_option_columns=has["options"], has_picture_column=draw(st.booleans())
    )
    given.values = {"option_names": ["Size"]} if has["options"] else {}
    given.values |= {"title": draw(st.sampled_from(["Tee", "Shirt"]))} if has["title"] else {}
    given.values |= {"vendor": draw(st.sampled_from(["", "Loom"]))} if has["vendor"] else {}
    given.extra = {"Fabric": draw(st.sampled_from(["", "linen"]))} if has["extra"] else {}
    if given.has_picture_column:
        sources = draw(st.lists(st.sampled_from(["a.jpg", "b.jpg", "c.jpg"]), unique=True))
        given.pictures = [InputPicture(source=source, position=n) for n, source in enumerate(sources, 1)]
    codes = sorted(present["variants"]) if present else []
    for _ in range(draw(st.integers(1, 4))):
        row = InputVariant(line=next(lines))
        row.options = (draw(SIZES),) if has["options"] else None
        row.code = draw(st.sampled_from(["", *codes])) if codes else ""
        row.values = {"price": draw(st.integers(1, 9))} if has["prices"] else {}
        row.values |= {"label": f"{handle}-{draw(st.sampled_from('abc'))}"} if draw(st.booleans()) else {}
        row.quantity = draw(st.none() | st.integers(0, 9))
        row.quantity_at_export = draw(st.none() | st.integers(0, 9)) if row.code else None
        if given.pictures and bool(draw(st.booleans())):
            row.picture = draw(st.sampled_from([picture.source for picture in given.pictures]))
        given.variants.append(row)
    return given


def check_import(
    before: State,
    after: State,
    inputs: list[InputProduct],
    changes: list[ProductChange],
    report: PlanReport,
    **choices: Any,
) -> None:
    """Check that an import changed what its rows name, to what they say, and nothing else."""
    by_handle = {given.handle: given for given in inputs}
    rows = {row.line: row for given in inputs for row in given.variants}
    lines = {v.sku: v.line for change in changes for v in change.variants}
    refused = {problem.line for problem in report.problems}
    for slug, old in before.items():
        given = by_handle.get(slug)
        if given is None:
            assert after[slug] == old
            continue
        new = after[slug]
        named = {*given.values, "variants", "pictures", *(["extra"] if given.extra else [])}
        assert {name for name in old if old[name] != new[name]} <= named
        removes = choices["remove_missing"] and given.has_option_columns
        for sku, variant in old["variants"].items():
            if sku not in new["variants"]:
                assert removes
                continue
            check_variant(variant, new["variants"][sku], rows.get(lines.get(sku, 0)), **choices)
        if not (choices["remove_missing"] and given.has_picture_column):
            assert {source for source, *_ in old["pictures"]} <= {source for source, *_ in new["pictures"]}
    for product in after.values():
        for sku, variant in product["variants"].items():
            if line := lines.get(sku, 0):
                assert line not in refused
                assert {name: variant[name] for name in rows[line].values} == rows[line].values


def find_settled(inputs: list[InputProduct], first: PlanReport, second: PlanReport) -> set[str]:
    """Return the products of which a second import of the file refuses the rows that the first one has refused.

    The second import changes nothing of them. A refused row of another product may have found its variant since: "L"
    means "l" as soon as the first import has renamed the variant "L".
    """
    one, two = ({problem.line for problem in report.problems} for report in (first, second))
    lines = {given.handle: {row.line for row in given.variants} for given in inputs}
    return {handle for handle, own in lines.items() if one & own == two & own}


def check_variant(old: dict[str, Any], new: dict[str, Any], row: InputVariant | None, **choices: Any) -> None:
    """Check a variant after an import; `row` is the one that changed it."""
    named = {*row.values, *OPTIONS, "stock", "picture"} if row else {"picture"}
    assert {name for name in old if old[name] != new[name]} <= named
    quantity = row.quantity if row else None
    delta = 0
    if row and quantity is not None:
        if row.quantity_at_export is not None:
            delta = quantity - row.quantity_at_export
        else:
            delta = {"keep": 0, "set": quantity - old["stock"][0], "add": quantity}[choices["stock"]]
    assert new["stock"][0] == max(0, old["stock"][0] + delta)


def check_undo(one: Applied, current: State, undone: State, left: set[tuple[str, str, str]]) -> None:
    """Check that each value is put back if nobody has changed it since, and else stays and is listed."""
    ours, now, then, result = (_flatten(s) for s in (one.after, current, one.before, undone))
    for key in ours.keys() | now.keys() | then.keys() | result.keys():
        slug, subject, name = key
        if ours.get(key) == then.get(key):
            expected = now.get(key)  # the change set did not touch it
        elif name == "on_hand" and None not in (ours.get(key), then.get(key), now.get(key)):
            expected = now[key] - (ours[key] - then[key])
        else:
            expected = then.get(key) if now.get(key) == ours.get(key) else now.get(key)
        if result.get(key) != expected:
            listed = {(slug, subject, name), (slug, subject, ""), (slug, "", ""), (slug, subject, "stock")}
            listed |= {(slug, subject, "options")} if name in OPTIONS else set()  # they are left together
            assert result.get(key) == now.get(key), (key, result.get(key), now.get(key), then.get(key))
            assert listed & left, (key, left)


def find_left(number: int) -> set[tuple[str, str, str]]:
    """Return what an undo has left: address, code or source, and field."""
    query = select(ChangeSetRow.slug, ChangeSetRow.result).where(ChangeSetRow.change_set_id == number)
    found = db.session.execute(query).all()
    db.session.rollback()
    results = [(slug, msgspec.json.decode(result or "{}", type=RowResult)) for slug, result in found]
    return {(slug, item.subject, item.field) for slug, result in results for item in result.not_undone}


def _flatten(state: State) -> dict[tuple[str, str, str], Any]:
    """Return each value by address, code or source of the part, and name."""
    found: dict[tuple[str, str, str], Any] = {}
    for slug, product in state.items():
        for name, value in product.items():
            if name == "variants":
                for sku, variant in value.items():
                    found |= {(slug, sku, field): v for field, v in variant.items() if field != "stock"}
                    on_hand, reserved, tracked = variant["stock"]
                    found |= {(slug, sku, "on_hand"): on_hand, (slug, sku, "tracked"): tracked}
                    found[slug, sku, "reserved"] = reserved
            elif name == "pictures":
                for source, position, alt, digest in value:
                    found |= {(slug, source, "position"): position, (slug, source, "alt"): alt}
                    found[slug, source, "digest"] = digest
            else:
                found[slug, "", name] = value
    return found


def _has_only_stock(change: ProductChange) -> bool:
    return not (
        change.fields or change.pictures or any(v.fields or v.action != "update" for v in change.variants)
    )


@pytest.mark.slow
@pytest.mark.long
def test_any_sequence_loses_no_field_and_no_unit(client: FlaskClient) -> None:
    rounds, token = count(), tokens.create_token("tests", ("catalog:write", "stock:write"))
    run_state_machine_as_test(
        lambda: Shop(client, token, next(rounds)),  # type: ignore[arg-type]  # any callable will do
        settings=settings(
            max_examples=effort(4, 30),
            stateful_step_count=effort(6, 15),
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a failure takes five minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
