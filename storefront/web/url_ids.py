"""Numbers in paths, such as /admin/customers/12: ids of rows."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST_ID = 2**31 - 1
"""The largest value of the columns with ids; a larger number is an error in PostgreSQL, and none of any row."""


class IdConverter(IntegerConverter):
    """The converter `int` of all routes: a path with a number that no row can have is not found (404)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": LARGEST_ID, **kwargs})


def init_app(app: Flask) -> None:
    """Let all routes of the app read numbers so; call it before the first route with a number is added."""
    app.url_map.converters["int"] = IdConverter
