"""A change of a row shows on the public pages that print it: its model has `cache_tags`, and the pages carry them.

Each public page is built from its sources. A guard notes the tables that its statements read, whichever way what they
return reaches the template, and the models of which a template reads an attribute.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, render_template_string, url_for
from sqlalchemy import Table, event
from sqlalchemy.sql import visitors

from storefront import cache
from storefront.cache import page_cache
from storefront.cache.keys import EVERYTHING
from storefront.cache.page_renderer import PageAddress, render_detached
from storefront.catalog.collection import collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.catalog.models import Category
from storefront.content import menu_edits, page_edits
from storefront.content.menu_edits import EntryValues
from storefront.content.models import ContentVersion
from storefront.content.page_edits import PageValues
from storefront.extensions import Model, db, write_transaction
from storefront.shop_cache import keys
from tests.factories import make_category, make_product
from tests.sessions.test_public import ARGUMENTS

# Tables without `cache_tags` that public pages may read, and what invalidates those instead.
DERIVED = {
    "listing": "the list index invalidates the lists of each category whose rows it changes",
    "listing_vendor": "the same",
    "collection_listing": "the same for collections",
    "further_category": "the product, whose change writes it",
    "rendition_set": "the product or category, which the picture queue invalidates when there are new renditions",
    "search_index": "the tag `search`, which each change of a word invalidates",
    "search_rebuild": "it only says which of two equal tables answers",
    "search_word": "the tag `search`",
}


@contextmanager
def watching(app: Flask) -> Iterator[set[str]]:
    """Note the names of the tables that are read in the block."""
    seen, environment, getattribute = set[str](), app.jinja_env, app.jinja_env.getattr

    def read(_connection: object, statement: Any, *_: object) -> None:
        for part in visitors.iterate(statement) if hasattr(statement, "get_children") else ():
            if isinstance(part, Table):
                seen.add(part.name)

    def get(of: Any, name: str) -> Any:
        if isinstance(of, Model):
            seen.add(of.__table__.name)  # type: ignore[attr-defined]
        return getattribute(of, name)

    event.listen(db.engine, "before_execute", read)
    environment.getattr = get  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_execute", read)
        del environment.getattr


def tag_kinds(model: type[Model]) -> set[str]:
    """Return the kinds of the tags that a row of a model may invalidate, by those of `keys` that its code names."""
    module = sys.modules[model.__module__]
    source = inspect.getsource(model.cache_tags)  # type: ignore[attr-defined]
    if "_of_product(" in source:
        source += inspect.getsource(module._of_product)
    named = [getattr(keys, name) for name in re.findall(r"keys\.(\w+)", source)]
    tags = [
        key if isinstance(key, str) else key(*_example(key)) for key in named if key is not keys.sitemap_part
    ]
    return {tag.partition(":")[0] for tag in tags} | ({EVERYTHING} if "EVERYTHING" in source else set())


def _example(make_tag: Callable[..., str]) -> Iterator[str | int]:
    """Yield an argument for a function of `keys`."""
    for parameter in inspect.signature(make_tag).parameters.values():
        yield "x" if parameter.annotation == "str" else 1


def find_faults(app: Flask, address: str) -> list[str]:
    """Return what is wrong with a page."""
    db.session.rollback()
    with watching(app) as seen:
        page = render_detached(app, PageAddress.of_url(app, address)).page
    if page is None:
        return [f"{address}: the cache does not keep it"]
    kinds = {tag.partition(":")[0] for tag in page.tags}
    models: dict[str, Any] = {m.local_table.description: m.class_ for m in Model.registry.mappers}
    faults = []
    for table in sorted(seen - DERIVED.keys()):
        model = models[table]
        if not hasattr(model, "cache_tags"):
            faults.append(f"{address}: {table} has no cache_tags")
        elif kinds.isdisjoint(tag_kinds(model)):
            faults.append(f"{address}: {table} has none of its tags there: {sorted(kinds)}")
    return faults


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop that has something to print on every public page."""
    make_product(
        "Mug",
        category=make_category("Cups"),
        pictures=1,
        description_html='<img src="https://a.example/a.png">',
    )
    with write_transaction() as session:
        rule = Rule("all", (Condition("in_stock"),))
        mugs = collection_edits.create(session, CollectionValues("Mugs", rule))
        values = PageValues("Mug", published_at=datetime.now(UTC))
        page = page_edits.create(session, values, "imprint")
        cups = session.query(Category).filter_by(path="cups").one()
        for version, target in enumerate((f"page-{page.id}", f"category-{cups.id}", f"collection-{mugs.id}")):
            menu_edits.add(session, "footer", EntryValues(target), expected=version)
    return app


def test_pages_carry_the_tags_of_what_they_print(shop: Flask) -> None:
    rules = [rule for rule in shop.url_map.iter_rules() if page_cache.find_policy(shop, rule.endpoint)]
    with shop.test_request_context():
        pages = [url_for(rule.endpoint, **{a: ARGUMENTS[a] for a in rule.arguments}) for rule in rules]
    assert len(pages) > 8
    faults = [fault for page in (*pages, "/products?q=mug&sort=price") for fault in find_faults(shop, page)]
    assert not faults, "\n".join(faults)


def test_a_page_that_prints_a_model_without_tags_is_found(app: Flask) -> None:
    with write_transaction() as session:
        page_edits.create(session, PageValues("Mug"))

    def printed() -> str:
        version = db.session.execute(db.select(ContentVersion)).scalar_one()
        return render_template_string("{{ version.title }}", version=version)

    def read() -> str:
        return str(db.session.execute(db.select(ContentVersion.title)).scalar_one())

    for name, view in (("printed", printed), ("read", read)):
        app._got_first_request = False  # after which Flask takes no routes
        app.add_url_rule(f"/{name}", name, cache.public_page(keys.PRODUCT_LIST)(view))
        assert find_faults(app, f"/{name}") == [f"/{name}: content_version has no cache_tags"]
