"""What a process of the shop imports when it starts: `flask` commands wait for it, and requests must not."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from tests.processes import ROOT

# Each is a tenth to a hundredth of the start, and most processes need none of them.
_LATE = ("PIL", "alembic", "cryptography.hazmat", "gevent", "pyotp", "segno", "stripe", "webauthn", "zxcvbn")
# Loaded before requests in another way: by gunicorn's configuration itself, or by a shop that is configured for them.
# SQLAlchemy imports psycopg as soon as the database is PostgreSQL.
_LOADED = {"gevent", "gunicorn_h1c", "opentelemetry", "psycopg", "stripe"}


def test_a_start_imports_no_library_of_few_requests(tmp_path: Path) -> None:
    code = "import wsgi, gc, sys; print(*sys.modules); assert gc.isenabled()"
    environ = {"PATH": "/usr/bin:/bin", "STOREFRONT_INSTANCE_DIR": str(tmp_path)}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert "storefront.app" in done.stdout.split()
    assert not set(_LATE) & set(done.stdout.split())


def test_commands_of_migrations_are_found_when_used(app: Flask) -> None:
    shown = app.test_cli_runner().invoke(args=["db", "--help"]).output
    assert "upgrade" in shown
    assert app.test_cli_runner().invoke(args=["db", "heads"]).exit_code == 0


def test_gunicorn_imports_what_functions_import() -> None:
    conf = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
    preloaded = {node.value for node in ast.walk(ast.parse(conf)) if isinstance(node, ast.Constant)}
    packages = {name.partition(".")[0] for name in preloaded if isinstance(name, str)}
    for path in sorted((ROOT / "storefront").rglob("*.py")):
        missing = set(_imported_in_functions(ast.parse(path.read_text()))) - packages - _LOADED
        assert not missing, f"{path.relative_to(ROOT)}: name it in deploy/gunicorn.conf.py"


def _imported_in_functions(tree: ast.Module) -> Iterator[str]:
    """Yield the packages, beside Python's and our own, that functions of a module import."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            packages = {name.partition(".")[0] for name in names}
            yield from packages - sys.stdlib_module_names - {"storefront"}
