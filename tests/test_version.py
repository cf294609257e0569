"""The product's version: printed by the command, shown to staff, never shown to strangers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from setuptools.config.pyprojecttoml import read_configuration
from werkzeug.test import TestResponse

from storefront import __version__
from storefront.__main__ import main
from tests.accounts.people import Browser, make_user
from tests.factories import make_product
from tests.processes import ROOT

pytestmark = pytest.mark.any_database

STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
SHOWN = re.compile(rf"(?<![\d.]){re.escape(__version__)}(?![\d.])")


def test_the_command_prints_the_version(tmp_path: Path) -> None:
    # No setting is read: the command also answers where the shop is not set up yet.
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "STOREFRONT_ENV": "production"}
    words = [sys.executable, "-m", "storefront", "--version"]
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == f"storefront {__version__}\n"


def test_an_installed_package_has_command_and_version() -> None:
    project = read_configuration(ROOT / "pyproject.toml")["project"]
    assert project["version"] == __version__
    module, _, name = project["scripts"]["storefront"].partition(":")
    assert callable(getattr(__import__(module, fromlist=[name]), name))


def test_the_command_has_the_commands_of_flask(app: Flask) -> None:
    shop = ScriptInfo(create_app=lambda: app)
    shown = CliRunner().invoke(main, ["stock", "--help"], obj=shop, prog_name="storefront")
    assert shown.output.startswith("Usage: storefront stock [OPTIONS] COMMAND")
    assert "audit" in shown.output


def test_staff_see_the_version(app: Flask) -> None:
    make_user("staff@example.com", staff=True)
    staff = Browser(app)
    staff.sign_in("staff@example.com")
    assert f"Storefront {__version__}" in staff.get("/admin/system").text


def answers(app: Flask, client: FlaskClient) -> Iterator[tuple[str, TestResponse]]:
    """Ask for every address as a stranger, and for the probes as a monitor."""
    paths = {re.sub(r"<[^>]*>", "1", rule.rule) for rule in app.url_map.iter_rules()}
    for path in sorted(paths | {"/products/mug", "/nowhere", "/healthz", "/readyz", "/metrics"}):
        if path.startswith("/stock/stream"):  # never ends
            continue
        for method in ("GET", "POST", "OPTIONS"):
            yield f"{method} {path}", client.open(path, method=method, environ_base=STRANGER)
    for path in ("/metrics", "/healthz", "/readyz"):
        yield path, client.get(path)


def test_strangers_are_never_shown_the_version(app: Flask, client: FlaskClient) -> None:
    make_product("Mug")
    seen = 0
    for what, answer in answers(app, client):
        seen += answer.status_code == 200
        told = (
            f"{answer.headers}\n{answer.get_data(as_text=True)}" if answer.is_json or _is_text(answer) else ""
        )
        assert not SHOWN.search(told), what
    assert seen > 15


def _is_text(answer: TestResponse) -> bool:
    return (answer.mimetype or "").startswith(("text/", "application/"))
