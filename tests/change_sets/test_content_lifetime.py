"""The changes of change sets are deleted in time; who changed what and when stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from storefront.change_sets import PlanWriter, apply_change_set, content_lifetime
from storefront.change_sets import store as change_sets
from storefront.change_sets.directions import WrongStatusError
from storefront.change_sets.models import ChangeSet, ChangeSetProblem, ChangeSetRow
from storefront.extensions import db, write_transaction
from tests.change_sets.stored_sets import apply, creation, media, shop, store, undo


def age(number: int, days: int) -> None:
    with write_transaction() as session:
        session.get_one(ChangeSet, number).created_at = datetime.now(UTC) - timedelta(days=days)


def count(model: type[ChangeSetRow] | type[ChangeSetProblem]) -> int:
    return db.session.scalar(db.select(db.func.count()).select_from(model)) or 0


def test_changes_of_old_change_sets_are_deleted(app: Flask) -> None:
    applied, planned, young = apply(creation("pot")), store([creation("cup")]), apply(creation("jug"))
    for number, days in ((applied, 401), (planned, 401), (young, 399)):
        age(number, days)
    assert content_lifetime.clean_up() == 2
    assert content_lifetime.clean_up() == 0
    assert count(ChangeSetRow) == 1
    statuses = {number: change_sets.get(number).status for number in (applied, planned, young)}
    assert statuses == {applied: "applied", planned: "discarded", young: "applied"}
    with pytest.raises(WrongStatusError, match="so old that its changes were deleted"):
        undo(applied)
    assert set(shop()) == {"pot", "jug"}


def test_interrupted_plans_are_discarded(app: Flask) -> None:
    with PlanWriter("import", "half.csv") as plan:
        plan.add(creation("pot"))
        plan.add_problem(1, "Price", "is empty")
        plan._flush()
        age(plan.id, 1)
        assert content_lifetime.clean_up() == 0
        age(plan.id, 3)
        assert content_lifetime.clean_up() == 1
        assert (count(ChangeSetRow), count(ChangeSetProblem)) == (0, 0)
        with pytest.raises(WrongStatusError, match="was discarded"):
            apply_change_set(plan.id, media())
