"""`flask cache preview` and its panel list the cached pages that carry a tag, and stop at a limit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront import redis_roles
from storefront.cache import views
from storefront.cache.keys import CacheEntry
from storefront.cache.l2 import StoredValue
from storefront.cache.preview import COMMAND_LIMITS, PAGE_LIMITS, Preview, ScanLimits, preview_invalidation
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket
from storefront.extensions import db
from storefront.redis_roles import Role, clients
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.accounts.people import sign_in_as_staff
from tests.cache.conftest import another, get
from tests.cache.writer_process import detail, set_price
from tests.processes import eventually
from tests.redis_roles.servers import Server, cluster, sentinel

pytestmark = pytest.mark.any_database


def run(app: Flask, *words: str) -> str:
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["cache", "preview", *words])
    return f"{result.exit_code}: {result.output}"


def look(app: Flask, *tags: str, limits: ScanLimits = COMMAND_LIMITS) -> Preview:
    return preview_invalidation(app, cache_state.get(app), tags, limits)


def category_of(client: FlaskClient, address: str) -> str:
    tags = get(client, address).headers["Surrogate-Key"].split()
    return next(tag for tag in tags if tag.startswith("category:"))


def test_preview_lists_the_pages_of_a_tag(app: Flask, client: FlaskClient, mug: int) -> None:
    for address in ("/products/mug?utm=1", "/products/plate", "/products?utm=1&sort=price&page=1"):
        get(client, address)
    found = look(app, f"product:{mug}", f"card:{mug}")
    assert [page.address for page in found.pages] == ["/products/mug", "/products?sort=price"]
    assert found.values == 2, "the data of both pages"
    assert {page.mode for page in found.pages} == {"strict"}
    mug_page, _list = found.pages
    assert mug_page.age in range(60)
    assert "everything" in mug_page.other_tags
    assert f"product:{mug}" not in mug_page.other_tags
    assert (found.stopped, found.looked_at) == ("", found.keys)
    assert detail(get(client, "/products/mug")) == "L2", "nothing was dropped"


def test_preview_says_the_mode_of_each_page(app: Flask, client: FlaskClient, mug: int) -> None:
    relaxed, strict = category_of(client, "/products?sort=name"), f"card:{mug}"
    get(client, "/categories/table/cups")
    assert {page.mode for page in look(app, relaxed).pages} == {"relaxed"}
    assert {page.mode for page in look(app, relaxed, strict).pages} == {"strict"}
    app.config["CACHE_GRACE"] = 0.0
    assert {page.mode for page in look(app, relaxed).pages} == {"strict"}


def test_dead_pages_are_not_in_the_preview(app: Flask, client: FlaskClient, mug: int, redis: Redis) -> None:
    for address in ("/products/mug", "/products/plate"):
        get(client, address)
    name = cache_state.get(app).store.l2.redis_key("page:catalog.product:foreign")
    redis.set(name, "of another program")
    assert [page.address for page in look(app, "everything").pages] == ["/products/mug", "/products/plate"]
    set_price(mug, 1100)
    assert [page.address for page in look(app, "everything").pages] == ["/products/plate"]
    assert redis.get(name), "a preview deletes nothing"


def test_command_prints_pages_or_json(app: Flask, client: FlaskClient, mug: int) -> None:
    get(client, "/products/mug")
    said = run(app, f"product:{mug}")
    assert re.search(r"\n/products/mug +\d+ s +strict +\S.* and \d+ more\n", said), said
    assert re.search(r"1 page and 1 value of which pages are made would be dropped\. Looked at all", said)
    found = json.loads(run(app, f"product:{mug}", "--json").partition(":")[2])
    assert [page["address"] for page in found["pages"]] == ["/products/mug"]
    assert found["stopped"] == ""
    assert run(app, "product:999").startswith("0: 0 pages and 0 values")
    assert "Did you mean 'product'? There are: availability," in run(app, "producer:12")
    assert "is not a tag" in run(app, "no tag")


@pytest.mark.parametrize(
    ("limits", "stopped"),
    [
        (ScanLimits(1, 60, 100), "keys"),
        (ScanLimits(10**6, 0, 100), "seconds"),
        (ScanLimits(10**6, 60, 5), "pages"),
    ],
)
def test_scan_stops_at_its_limit(
    bare: Flask, own_redis: Server, monkeypatch: pytest.MonkeyPatch, limits: ScanLimits, stopped: str
) -> None:
    bare.config |= {"CACHE_RELAXED_TAGS": [], "CACHE_GRACE": 5.0}
    store = cache_state.get(bare).store
    for number in range(40):
        ticket = store.look_up(CacheEntry("page:catalog.product:bare", str(number), PRODUCT_LIST))
        assert isinstance(ticket, BuildTicket)
        value = StoredValue(b"", "etag", {"": b"x"}, address=f"/{number}")
        assert ticket.fill(value, ["category:1"], ttl=600)
    found = look(bare, "category:1", limits=limits)
    assert found.stopped == stopped
    assert len(found.pages) <= 5
    assert found.looked_at < found.keys
    assert len(look(bare, "category:1").pages) == 40


@contextmanager
def many_servers(folder: Path, kind: str) -> Iterator[str]:
    """Yield the URL of a cluster, or of a server that a sentinel names."""
    if kind == "sentinel":
        with sentinel(folder) as url:
            yield url
        return
    with cluster(folder) as nodes:
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cluster", "sentinel"])
def test_preview_finds_pages_on_all_servers(
    app: Flask, client: FlaskClient, mug: int, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "TIMEOUT", 1.0)  # the machine may be busy
    with many_servers(tmp_path, kind) as url:
        environ = {"CACHE_REDIS_URL": url, "REDIS_URL": url, "STOREFRONT_CACHE_SHARDS": "16"}
        for own in another(app, tmp_path / "own", **environ):
            visitor = own.test_client()
            assert eventually(lambda: redis_roles.check_server(Role.CACHE) is None)
            addresses = [f"/products?sort={sort}" for sort in ("-price", "name", "price")]
            for address in addresses:
                assert eventually(
                    lambda address=address, visitor=visitor: detail(get(visitor, address)) in ("L1", "L2")
                )
            assert [page.address for page in look(own, f"card:{mug}").pages] == addresses
            staff = sign_in_as_staff(own.test_client())
            assert "Entries by kind" in get(staff, "/admin/system/cache", Accept_Encoding="identity").text


def test_panel_shows_the_preview(client: FlaskClient, mug: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine stops earlier.
    monkeypatch.setattr(views, "PAGE_LIMITS", PAGE_LIMITS._replace(seconds=60.0))
    get(client, "/products/mug")
    staff = sign_in_as_staff(client.application.test_client())

    def ask(tag: str) -> str:
        return get(staff, f"/admin/system/cache?tag={tag}", Accept_Encoding="identity").text

    page = ask(f"product:{mug}")
    assert '<a href="/products/mug">/products/mug</a>' in page
    assert re.search(r"<td>strict</td><td>[^<]+ and \d+ more</td>", page)
    assert re.search(r"All [\d,]+ keys of Redis were looked at", page), page
    assert "Did you mean" in ask("producer:12")
    assert "is not a tag" in ask("%22x")
    assert "/products/mug</a>" not in get(staff, "/admin/system/cache", Accept_Encoding="identity").text
    limits = [
        get(staff, address).headers.get("RateLimit-Policy", "")
        for address in ("/admin/system/cache?tag=x:1", "/admin/system/cache")
    ]
    assert ['"cache-preview";q=20' in limit for limit in limits] == [True, False], limits
    assert get(client, f"/admin/system/cache?tag=product:{mug}").status_code == 303
