"""Fixtures for tests of Shopify's product CSV: rows, files, and the import command."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from storefront.catalog_files import product_columns
from storefront.extensions import db

CURRENT, LEGACY = product_columns.headers("current"), product_columns.headers("legacy")


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def row(**known: Any) -> list[str]:
    """Return a row under the current header: a teapot, with any cells replaced."""
    values = {
        "handle": "teapot",
        "title": "Teapot",
        "price": "12.50",
        "sku": "TP-1",
        "quantity": "7",
        "tracker": "shopify",
    } | known
    return [str(values.get(name, "")) for name in product_columns.COLUMNS]


def write(path: Path, rows: list[list[str]], header: list[str] = CURRENT, **how: Any) -> Path:
    encoding, delimiter = how.pop("encoding", "utf-8"), how.pop("delimiter", ",")
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=how.pop("end", "\r\n")).writerows([header, *rows])
    path.write_bytes(how.pop("bom", b"") + text.getvalue().encode(encoding))
    return path


def run_import(runner: FlaskCliRunner, path: Path, *options: str) -> Any:
    result = runner.invoke(args=["catalog", "import", str(path), *options])
    db.session.remove()
    return result
