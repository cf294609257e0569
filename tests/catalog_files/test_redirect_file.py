"""Shopify's file of redirects: imported, exported, removed; and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_product

FILE = """Redirect from,Redirect to
/products/old,/products/New
/pages/about,/?from=about
https://old.example/pages/Über uns,/products
/blogs/news,/pages/about
/collections/a b,"/products?q=a b"
/products/old,/products/New
/pages/evil,https://evil.example/
/pages/evil2,//evil.example/
/pages/evil3,/\\evil.example
/pages/script,javascript:alert(1)
/pages/x?y=1,/products
/pages/self,/Pages/Self/
/pages/one,/pages/two
/pages/two,/pages/one
/,/products
old,/products
/pages/about,/products
/pages/short
/pages/%00,/products
"""


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["redirects", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_redirects_are_imported_exported_and_removed(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    make_product("New", slug="New")
    file, copy = tmp_path / "redirects.csv", tmp_path / "copy.csv"
    file.write_text(FILE)
    code, output = run(app, "import", str(file), "--dry-run")
    assert (code, "would have been: 5 added" in output) == (1, True)
    assert client.get("/pages/about").status_code == 404
    code, output = run(app, "import", str(file))
    assert (code, output.splitlines()[-1]) == (
        1,
        "Redirects: 5 added, 0 changed, 0 left. Rows: 19 read, 13 refused.",
    )
    assert sorted(
        int(line.split()[2].strip(":")) for line in output.splitlines()[:-1] if "refused" in line
    ) == [*range(8, 21)]
    for path, target in {
        "/products/OLD": "/products/New",
        "/pages/about": "/?from=about",
        "/pages/%C3%BCber%20uns/": "/products",
        "/blogs/news": "/?from=about",
        "/collections/a%20b": "/products?q=a%20b",
    }.items():
        assert (client.get(path).status_code, client.get(path).location) == (301, target)
    assert run(app, "export", str(copy))[0] == 0
    assert run(app, "import", str(copy)) == (
        0,
        "Redirects: 0 added, 0 changed, 5 left. Rows: 5 read, 0 refused.\n",
    )
    assert run(app, "remove", "/Pages/About/", "/pages/none")[1] == "Redirects: 1 removed, 1 not found.\n"
    assert client.get("/pages/about").status_code == 404
    assert run(app, "remove", "--file", str(copy))[1] == "Redirects: 4 removed, 1 not found.\n"
    assert client.get("/blogs/news").status_code == 404


@pytest.mark.any_database
def test_a_second_file_changes_targets_and_makes_no_circle(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    file = tmp_path / "redirects.csv"
    file.write_text("Redirect from,Redirect to\n/a,/b\n/c,/cart\n")
    assert run(app, "import", str(file))[0] == 0
    file.write_text("Redirect to;Redirect from\n/a;/b\n/products;/c\n")
    code, output = run(app, "import", str(file))
    assert (code, "line 2: /b would lead in a circle" in output) == (1, True)
    assert "0 added, 1 changed, 0 left" in output
    assert client.get("/c").location == "/products"
    assert client.get("/a").location == "/b"


@pytest.mark.any_database
def test_a_target_may_name_a_host_of_the_shop(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", ["localhost", ".shop.example"])
    file = tmp_path / "redirects.csv"
    file.write_text("from,to\n/a,https://www.shop.example/cart?x=1#y\n/b,https://shop.example.evil/\n")
    code, output = run(app, "import", str(file))
    assert (code, "line 3: https://shop.example.evil/ is on another site" in output) == (1, True)
    assert client.get("/a").location == "/cart?x=1#y"


@pytest.mark.any_database
def test_another_file_is_refused_as_a_whole(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text("Handle,Title\na,A\n")
    code, output = run(app, "import", str(file))
    assert code == 1
    assert "needs the columns 'Redirect from' and 'Redirect to'. Its header is: Handle, Title." in output
    assert run(app, "remove")[0] == 2
