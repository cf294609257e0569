"""The shops of a test process share their work (`tests/shared_work.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule, UnicodeConverter

from tests.conftest import make_app
from tests.first_imports import name_share
from tests.shared_routes import SharedMap


@pytest.mark.any_database
def test_next_shop_compiles_no_route_again(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, build, rules = list[str](), Rule._compile_builder, list(app.url_map.iter_rules())

    def count(rule: Rule, *arguments: Any, **options: Any) -> Any:
        compiled.append(rule.rule)
        return build(rule, *arguments, **options)

    monkeypatch.setattr(Rule, "_compile_builder", count)
    other = make_app(f"sqlite:///{tmp_path / 'other.sqlite3'}", tmp_path)
    assert list(other.url_map.iter_rules()) == rules
    assert compiled == []
    assert other.url_map.bind("localhost").match("/admin/customers/12") == (
        "admin_customers.show",
        {"user_id": 12},
    )


@pytest.mark.any_database
def test_a_route_of_one_shop_is_no_route_of_others(app: Flask, tmp_path: Path) -> None:
    other = make_app(f"sqlite:///{tmp_path / 'other.sqlite3'}", tmp_path)
    assert app.test_client().get("/one-more").status_code == 404
    app._got_first_request = False
    app.add_url_rule("/one-more", "one_more", lambda: "One more.")
    assert app.test_client().get("/one-more").text == "One more."
    assert not other.url_map.bind("localhost").test("/one-more")


def test_a_map_must_not_change_after_its_first_rule() -> None:
    shared = SharedMap([Rule("/<int:number>", endpoint="number")])
    shared.converters["int"] = UnicodeConverter
    with pytest.raises(AssertionError, match="changed after its rules"):
        shared.update()
    with pytest.raises(AssertionError, match="changed after its first rule"):
        shared.add(Rule("/one-more", endpoint="one_more"))


def test_processes_import_all_test_modules_first() -> None:
    shares = [name_share(number, 3) for number in range(3)]
    every = [name for share in shares for name in share]
    assert sorted(every) == sorted(name_share(0, 1))
    assert {__name__, "tests.cart.test_cart"} <= set(every)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
