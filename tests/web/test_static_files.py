"""Scripts name one another by their hashed names, so browsers keep the whole graph of modules for ever."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.web.module_graph import ModuleCycleError
from storefront.web.static_files import StaticFiles
from tests.factories import make_product
from tests.processes import ROOT
from tests.vendored import read_list

pytestmark = pytest.mark.any_database

_NAMED = re.compile(r'"(\.{1,2}/[^"]+\.js)"')
_HASHED = re.compile(r"/static/.+\.[0-9a-f]{12}\.js")


def test_all_modules_have_hashed_names_and_are_immutable(app: Flask, client: FlaskClient) -> None:
    elements = Path(app.root_path).parent / "static" / "js" / "elements"
    static_url = app.jinja_env.globals["static_url"]
    waiting = [static_url("js/element-loader.js")]
    waiting += [static_url(f"js/elements/{file.name}") for file in elements.glob("*.js")]
    seen: set[str] = set()
    while waiting:
        url = waiting.pop()
        assert _HASHED.fullmatch(url), url
        response = client.get(url)
        assert "immutable" in response.headers["Cache-Control"], url
        seen.add(url)
        waiting += {urljoin(url, name) for name in _NAMED.findall(response.text)} - seen
    names = {re.sub(r"\.[0-9a-f]{12}\.js", "", url.rpartition("/")[2]) for url in seen}
    assert {"stock", "stock-connection", "stock-stream"} <= names, (
        "imports and the worker's address are followed"
    )


def test_loader_imports_at_once_all_that_a_page_needs(client: FlaskClient) -> None:
    make_product("Cup", slug="cup")
    page = client.get("/products/cup").text
    (loader,) = re.findall(r'<script type="module" async src="([^"]+)"', page)
    assert "modulepreload" not in page, "nothing competes with what people see"
    table = re.search(r"const modules = (\{.+\});", client.get(loader).text)
    assert table is not None
    shown = {"add-to-cart", "product-gallery", "recently-viewed", "shopper-links", "stock-badge"}
    assert all(f"<{element}" in page for element in shown)
    for element, (module, *imported) in json.loads(table[1]).items():
        assert re.fullmatch(rf"\./elements/{element}\.[0-9a-f]{{12}}\.js", module)
        shown.discard(element)
        waiting, found = [urljoin(loader, module)], set()
        while waiting:
            url = waiting.pop()
            names = re.findall(r'(?:from|import) "(\.{1,2}/[^"]+)"', client.get(url).text)
            found |= {urljoin(url, name) for name in names}
            waiting += [urljoin(url, name) for name in names]
        assert {urljoin(loader, name) for name in imported} == found
    assert not shown


def test_scripts_are_sent_without_comment_lines(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(
        "/** Shows a\n *  thing. */\n// One.\nconst a = 1; // two\n  /** Three. */\n  const b = '//' + \"/** */\";\n"
    )
    found = StaticFiles(tmp_path).find("a.js")
    assert found is not None
    assert found[0].body.decode() == "const a = 1; // two\n  const b = '//' + \"/** */\";\n"


def test_a_changed_module_renames_those_that_import_it(tmp_path: Path) -> None:
    def write(leaf: str) -> tuple[str, str, str]:
        folder = tmp_path / "js"
        folder.mkdir(exist_ok=True)
        (folder / "top.js").write_text('import { a } from "./middle.js";\n')
        (folder / "middle.js").write_text("export * from './leaf.js';\nconst other = './missing.js';\n")
        (folder / "leaf.js").write_text(leaf)
        (folder / "alone.js").write_text("export {};\n")
        files = StaticFiles(tmp_path)
        top, middle = files.url("js/top.js"), files.url("js/middle.js")
        found = files.find(top.removeprefix("/static/"))
        assert found is not None
        assert middle.rpartition("/")[2].encode() in found[0].body
        return top, middle, files.url("js/alone.js")

    before, after = write("export const a = 1;\n"), write("export const a = 2;\n")
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, False, True]


def test_modules_that_import_one_another_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import "./b.js";\n')
    (tmp_path / "b.js").write_text('import "./a.js";\n')
    with pytest.raises(ModuleCycleError, match=r"in a circle: [ab]\.js → [ab]\.js → [ab]\.js"):
        StaticFiles(tmp_path)


def test_vendored_files_are_those_of_the_named_releases() -> None:
    files = {each.path: each.digest for library in read_list() for each in library.files}
    found = {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "static" / "js" / "vendor").rglob("*")
        if path.is_file()
    }
    assert found == files
    assert all(any("LICENSE" in each.path for each in library.files) for library in read_list())
