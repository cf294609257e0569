"""Public pages are the same for everybody: none touches the session, and one that does raises an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, session, url_for
from werkzeug.routing import Rule

from storefront import cache
from storefront.cache import NotPublicError, page_cache
from storefront.shop_cache import keys
from tests.conftest import make_app
from tests.factories import make_category, make_product
from tests.redis_roles.servers import Server
from tests.sessions.conftest import client_with_id, make_shop, recorded_commands

pytestmark = pytest.mark.any_database

# Arguments for the URLs of public pages, so that each page exists.
ARGUMENTS = {"slug": "mug", "path": "cups", "product_id": 1, "part": 1, "collection": "mugs"}


@pytest.fixture
def catalogue(app: Flask, own_redis: Server, redis_url: str, tmp_path: Path) -> Flask:
    """The shop with a catalogue of one product and a session server of the test's own."""
    make_product("Mug", category=make_category("Cups"))
    folder = tmp_path / "own"
    folder.mkdir()
    settings = {"REDIS_URL": redis_url, "SESSION_REDIS_URL": own_redis.url}
    return make_app(app.config["DATABASE_URL"], folder, **settings)


def _rules(app: Flask) -> list[Rule]:
    return [
        rule for rule in app.url_map.iter_rules() if page_cache.find_policy(app, rule.endpoint) is not None
    ]


def test_no_public_page_loads_a_session(catalogue: Flask, own_redis: Server) -> None:
    rules = _rules(catalogue)
    assert {"catalog.home", "catalog.product_list", "catalog.category", "catalog.product"} <= {
        rule.endpoint for rule in rules
    }
    with catalogue.test_request_context():
        addresses = [url_for(rule.endpoint, **{a: ARGUMENTS[a] for a in rule.arguments}) for rule in rules]
    client = client_with_id(catalogue)  # with a well-formed cookie, which a page would look up
    addresses += [*addresses, "/products/none", "/products?q=mug", "/healthz", "/static/none", "/nowhere"]
    with recorded_commands(own_redis) as commands:
        for address in addresses:
            response = client.get(address)
            assert response.status_code in (200, 301, 404), address
            assert "Set-Cookie" not in response.headers, address
            assert "Cookie" not in response.headers.get("Vary", ""), address
    assert commands == []


@pytest.mark.parametrize("touch", ["read", "write", "look"])
def test_a_public_page_that_touches_the_session_fails(
    own_redis: Server, redis_url: str, tmp_path: Path, touch: str
) -> None:
    app = make_shop(tmp_path, redis_url, own_redis.url)

    def page() -> str:
        if touch == "read":
            return str(session.get("a"))
        if touch == "look":
            return str(bool(session))
        session["a"] = 1
        return "ok"

    app.add_url_rule("/public", "public_page", cache.public_page(keys.PRODUCT_LIST)(page))
    with pytest.raises(NotPublicError, match="touched the session"):
        app.test_client().get("/public")
