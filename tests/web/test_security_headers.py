"""The headers that tell browsers what a page may do, and which addresses they may tell other sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.accounts import sign_in_links, staff_invitations, tokens
from storefront.catalog import draft_preview
from storefront.checkout import access, queries
from storefront.content import page_edits, page_preview
from storefront.content.front_page.front_page_views import preview_url
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL, Browser, last_link, make_user, user
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.rate_limiting.test_edge import listening

pytestmark = pytest.mark.any_database

# Content Security Policy Level 3; written out, so that a change of the policy is a change here too.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# Values of Referrer-Policy with which a browser names no page of the shop to another site, nor its address there.
SILENT = {"no-referrer", "same-origin"}


@pytest.fixture
def shop(app: Flask, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A shop that caches pages in its process, with a mug."""
    make_product("Mug", variants=[{"sku": "MUG", "on_hand": 9, "price": 500}])
    with listening(app, redis_url, tmp_path / "own") as one:
        yield one


def order_link(app: Flask) -> str:
    """Place an order; return the path of the link that its letter contains."""
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 9, "price": 500}])
    order = queries.find_order(place(make_draft({"CUP": 1})).number)
    assert order is not None
    return access.order_url(order, "https://shop.example").removeprefix("https://shop.example")


def invitation_link(app: Flask) -> str:
    """Invite somebody to the staff; return the path of the link in the letter."""
    with app.test_request_context():
        staff_invitations.invite("lee@example.com", "lee@example.com", "orders")
    return last_link(app)


def preview_link(app: Flask) -> str:
    """Return the path of a signed link to the page of a draft."""
    draft = make_product("Plate", status="draft").id
    with app.test_request_context():
        return draft_preview.preview_url(draft)


def page_link(app: Flask) -> str:
    """Return the path of a signed link to a page of the merchant that is a draft."""
    with app.test_request_context(), write_transaction() as session:
        page = page_edits.create(session, PageValues("Imprint"))
        session.flush()
        return page_preview.preview_url(page.id)


def front_page_link(app: Flask) -> str:
    """Return the path of a signed link to the draft of the front page."""
    with app.test_request_context():
        return preview_url()


def test_every_answer_forbids_frames_and_foreign_code(shop: Flask) -> None:
    browser = Browser(shop)
    make_user()
    browser.sign_in()
    mug = browser.get("/products/mug")
    hit = browser.get("/products/mug")
    assert "detail=L1" in hit.headers["Cache-Status"]
    answers = {
        "built": mug,
        "cached": hit,
        "unchanged": browser.get("/products/mug", headers={"If-None-Match": hit.headers["ETag"]}),
        "private": browser.get("/account"),
        "missing": browser.get("/nowhere"),
        "refused": browser.client.post("/cart/lines", headers={"Sec-Fetch-Site": "cross-site"}),
        "redirect": browser.get("/products/"),
        "json": browser.get("/me"),
        "api": browser.get("/api/v1/products"),
        "static": browser.get(shop.jinja_env.globals["static_url"]("css/shop.css")),
    }
    assert answers["unchanged"].status_code == 304
    for kind, answer in answers.items():
        sent = [part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")]
        assert dict(sent) == POLICY, kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff", kind
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", kind
        assert "camera=()" in answer.headers["Permissions-Policy"], kind


def test_cached_pages_bring_hsts_over_tls_only(shop: Flask) -> None:
    client = shop.test_client()
    for scheme, expected in (("https", "max-age=31536000; includeSubDomains"), ("http", None)) * 2:
        answer = client.get("/products/mug", base_url=f"{scheme}://localhost")
        assert answer.headers.get("Strict-Transport-Security") == expected
    assert "detail=L1" in answer.headers["Cache-Status"]


def test_no_answer_is_for_other_origins(app: Flask) -> None:
    client = app.test_client()
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    for path in ("/", "/me", "/account", "/api/v1/products", "/stock/stream?product=1"):
        for method in ("GET", "OPTIONS"):
            answer = client.open(path, method=method, headers=asked)
            assert not any(name.startswith("Access-Control") for name, _ in answer.headers), path
            answer.close()
        assert client.open(path, method="TRACE").status_code == 405, path


def test_no_page_tells_other_sites_its_token(app: Flask) -> None:
    kim = make_user()
    browser = Browser(app)
    paths = {
        "/account/reset/<token>": f"/account/reset/{tokens.sign(tokens.PasswordReset(kim, 1))}",
        "/account/register/<token>": f"/account/register/{tokens.sign(tokens.Registration('new@example.com', '/'))}",
        "/account/email/<token>": f"/account/email/{tokens.sign(tokens.EmailChange(kim, 1, EMAIL))}",
        "/account/link/<token>": f"/account/link/{sign_in_links.create(user(kim))}",
        "/account/second-factor-reset/<token>": (
            f"/account/second-factor-reset/{tokens.sign(tokens.SecondFactorReset(kim, 1))}"
        ),
        "/account/invitation/<token>": invitation_link(app),
        "/previews/<token>": preview_link(app),
        "/previews/pages/<token>": page_link(app),
        "/previews/front-page/<token>": front_page_link(app),
        "/orders/<number>": order_link(app),
    }
    with_token = {rule.rule for rule in app.url_map.iter_rules() if "token" in rule.rule}
    assert with_token == {rule for rule in paths if "<token>" in rule}, (
        "this test lists all addresses with a token"
    )
    for path in paths.values():
        db.session.rollback()
        assert browser.get(path).status_code == 200, path
        for address in (path, f"{path}x", path[:-1]):  # a cut link still tells most of the token
            answer = browser.get(address)
            assert answer.headers["Referrer-Policy"] in SILENT, (address, answer.status_code)
            assert answer.headers["Cache-Control"] == "private, no-store", (address, answer.status_code)
