"""The shops of a test process share their work (`tests/shared_work.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.conftest import make_app


@pytest.mark.any_database
def test_next_shop_compiles_no_route_again(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, build = list[str](), Rule._compile_builder

    def count(rule: Rule, *arguments: Any, **options: Any) -> Any:
        compiled.append(rule.rule)
        return build(rule, *arguments, **options)

    monkeypatch.setattr(Rule, "_compile_builder", count)
    other = make_app(f"sqlite:///{tmp_path / 'other.sqlite3'}", tmp_path)
    shared = {rule.rule for rule in other.url_map.iter_rules() if not rule.defaults}
    assert shared.intersection(compiled) == set()
    assert other.url_map.bind("localhost").match("/admin/customers/12") == (
        "admin_customers.show",
        {"user_id": 12},
    )
