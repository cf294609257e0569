"""A theme in the instance directory (`storefront/web/theme.py`, docs/extending.md)."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from storefront.cache import fingerprint
from storefront.cache.state import cache_state
from storefront.ops import doctor
from storefront.web.theme import current_theme
from tests.conftest import make_app

LAYOUT = """{% extends "shop:layouts/shop.html" %}
{% block texts %}<meta name="generator" content="Ours">{% endblock %}
"""


@pytest.fixture
def folder(app: Flask) -> Path:
    """The theme's folder of the shop."""
    return Path(app.instance_path) / "theme"


def write(folder: Path, name: str, text: str) -> None:
    """Write a file of the theme."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def restarted(app: Flask) -> Flask:
    """Return the shop as it is after a restart."""
    fingerprint._digest_sources.cache_clear()  # a new process has read no file yet
    return make_app(app.config["SQLALCHEMY_DATABASE_URI"], Path(app.instance_path))


def page(app: Flask, path: str = "/products") -> str:
    """Return a page's text."""
    return app.test_client().get(path).get_data(as_text=True)


@pytest.mark.any_database
def test_theme_lies_over_templates_and_static_files(app: Flask, folder: Path) -> None:
    before = cache_state.get(app).fingerprint
    write(folder, "templates/errors/error.html", "unused")
    write(
        folder,
        "templates/components/category-nav.html",
        "{% macro category_nav(links, trail, here) %}A menu of ours{% endmacro %}",
    )
    write(folder, "static/css/theme.css", ":root { --accent: rebeccapurple; }")
    write(folder, "static/css/tokens.css", "@layer tokens { :root { --paper: seashell; } }")
    write(folder, "static/img/ours.svg", "<svg/>")
    shop = restarted(app)
    text = page(shop)
    assert "A menu of ours" in text
    with shop.test_request_context():
        sheet, icon = (
            shop.jinja_env.globals["static_url"](name) for name in ("css/shop.css", "img/ours.svg")
        )
    assert sheet in text
    rules = page(shop, sheet)
    assert rules.endswith(":root{--accent:rebeccapurple}")
    assert "--paper:seashell" in rules
    assert page(shop, icon) == "<svg/>"
    assert cache_state.get(shop).fingerprint != before


@pytest.mark.any_database
def test_template_of_a_theme_extends_the_shops_own(app: Flask, folder: Path) -> None:
    write(folder, "templates/layouts/shop.html", LAYOUT)
    text = page(restarted(app), "/account/login")
    assert '<meta name="generator" content="Ours">' in text
    assert "site-header" in text


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\n{% block %}", "line 2"),
        ("{{ 1|no_such_filter }}", "no_such_filter"),
        ('{% include "nowhere.html" %}', "nowhere.html, which does not exist"),
        ('{% extends "shop:nowhere.html" %}', "shop:nowhere.html, which does not exist"),
    ],
)
def test_broken_template_is_switched_off_alone(app: Flask, folder: Path, text: str, why: str) -> None:
    write(folder, "templates/layouts/shop.html", text)
    write(folder, "templates/layouts/other.html", '{% extends "layouts/needs-other.html" %}')
    write(folder, "templates/layouts/needs-other.html", text)
    write(folder, "templates/components/pager.html", "{% macro pager() %}{% endmacro %}")
    shop = restarted(app)
    assert "site-header" in page(shop)
    with shop.app_context():
        assert current_theme(shop).off == {
            f"layouts/{name}.html" for name in ("shop", "other", "needs-other")
        }
        found = [one.sentence for one in doctor.examine(None) if one.about == "theme"]
    assert len(found) == 3
    assert why in " ".join(found)


@pytest.mark.any_database
def test_static_files_that_do_not_fit_are_left_out(app: Flask, folder: Path) -> None:
    write(folder, "static/js/lib/one.js", 'import "./two.js";')
    write(folder, "static/js/lib/two.js", 'import "./one.js";')
    write(folder, "static/css/theme.css", ".ours {}")
    shop = restarted(app)
    with shop.test_request_context():
        sheet = shop.jinja_env.globals["static_url"]("css/shop.css")
    assert ".ours" not in page(shop, sheet)
    assert [problem for problem in current_theme(shop).problems if "theme/static" in problem]


@pytest.mark.any_database
def test_no_name_leads_out_of_the_theme(app: Flask, folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("key")
    write(folder, "templates/components/pager.html", '{% include "../../secret.txt" %}')
    assert "which does not exist" in " ".join(current_theme(restarted(app)).problems)


@pytest.mark.any_database
@pytest.mark.parametrize("text", ["{% macro category_nav() %}{% endmacro %}", "{{ no_such_value }}"])
def test_page_that_fails_with_the_theme_is_shown_without(app: Flask, folder: Path, text: str) -> None:
    write(folder, "templates/components/category-nav.html", text)
    write(folder, "templates/layouts/shop.html", LAYOUT)
    shop = restarted(app)
    text = page(shop)
    assert "site-header" in text
    assert "Ours" not in text
    assert "cannot be rendered with it" in " ".join(current_theme(shop).problems)


@pytest.mark.any_database
def test_failure_that_is_not_the_themes_leaves_it_on(app: Flask, folder: Path) -> None:
    write(folder, "templates/layouts/shop.html", LAYOUT)
    shop = restarted(app)
    shop.jinja_env.globals["site_navigation"] = None
    with pytest.raises(TypeError):
        page(shop, "/account/login")
    assert current_theme(shop).off == set()


def test_a_shop_with_a_theme_keeps_the_rules_of_templates(app: Flask, folder: Path) -> None:
    """A name that means nothing is an error, and a line with a statement alone prints nothing."""
    write(folder, "templates/layouts/shop.html", LAYOUT)
    shop, own = restarted(app).jinja_env, app.jinja_env
    assert (shop.undefined, shop.trim_blocks, shop.lstrip_blocks) == (StrictUndefined, True, True)
    assert (own.undefined, own.trim_blocks, own.lstrip_blocks) == (StrictUndefined, True, True)
