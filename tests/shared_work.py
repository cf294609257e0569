"""What all shops of a test process prepare once: that is most of the work of creating a shop and of its first page.

Each test has a shop of its own. All of them read the same templates, static files and URL rules, and send the same
statements. Their passwords are hashed with little work.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from storefront.accounts import passwords
from storefront.web.language_routes import MultilingualFlask
from storefront.web.static_files import StaticFiles
from tests.processes import ROOT
from tests.shared_routes import SharedMap

SHIPPED_HASHER = passwords._HASHER


class Templates(BytecodeCache):
    """A bytecode cache in memory that all shops of the test process share."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_TEMPLATES = Templates()
_STATEMENTS: LRUCache[Any, Any] = LRUCache(5000)


def share_templates(app: Flask) -> None:
    """Let this shop use templates that other shops have compiled."""
    app.jinja_env.bytecode_cache = _TEMPLATES


def share_statements(engine: Engine) -> None:
    """Let this engine use statements that other engines for the same kind of database have compiled."""
    engine.update_execution_options(compiled_cache=_STATEMENTS)


def share_work() -> None:
    """Let all shops of this process share static files, routes and kinds of databases; hash passwords quickly."""
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
    _share_static_files()
    _share_routes()
    _share_dialects()


def _share_static_files() -> None:
    """Let all shops share the static files of the checkout, and what was compressed of them."""
    load, known = StaticFiles.load, dict[str, Any]()

    def load_once(files: StaticFiles) -> None:
        if files._roots != (ROOT / "static",):  # a test's own
            load(files)
            return
        if not known:
            load(files)
            known.update(_files=files._files)
        files._files = known["_files"]

    setattr(StaticFiles, "load", load_once)  # noqa: B010  # a method


def _share_routes() -> None:
    """Let all shops with the same URL rules share what matches a path and builds a URL."""
    MultilingualFlask.url_map_class = SharedMap


def _share_dialects() -> None:
    """Let SQLAlchemy take all dialects of a kind for equal. Its keys of compiled statements contain the dialect."""
    for kind in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        for name, method in {"__eq__": _is_same_kind, "__hash__": _hash_kind}.items():
            setattr(kind, name, method)


def _is_same_kind(dialect: Dialect, other: object) -> bool:
    return type(dialect) is type(other)


def _hash_kind(dialect: Dialect) -> int:
    return hash(type(dialect))
