"""Templates and routes that all shops of a process compile once. That is most of the work of creating a shop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class Templates(BytecodeCache):
    """A bytecode cache in memory that all shops of the test process share."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


def share_templates(app: Flask) -> None:
    """Let this shop use templates that other shops have compiled."""
    app.jinja_env.bytecode_cache = _TEMPLATES


def share_routes() -> None:
    """Let equal URL rules of all shops share the function that builds their URLs."""
    compile_one, known = Rule._compile_builder, dict[Any, Callable[..., tuple[str, str]]]()

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:  # the function contains their values
            return compile_one(rule, append_unknown)
        key = (*rule._trace, append_unknown)
        if key not in known:
            known[key] = compile_one(rule, append_unknown)
        return known[key]

    setattr(Rule, "_compile_builder", compile_once)  # noqa: B010  # it is not ours


_TEMPLATES = Templates()
