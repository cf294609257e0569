"""Values that earlier versions signed with HMAC-SHA-1 stay valid; new ones are signed with HMAC-SHA-256."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from flask import Flask, current_app
from itsdangerous import BadSignature, Signer, URLSafeSerializer, URLSafeTimedSerializer

from storefront import rate_limiting
from storefront.accounts import tokens as mailed_tokens
from storefront.accounts.tokens import Registration
from storefront.api.models import ApiToken
from storefront.checkout import access
from storefront.extensions import write_transaction
from storefront.web import cookies, signing
from tests.accounts.people import Browser, make_user
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.processes import ROOT

pytestmark = pytest.mark.any_database


def former(salt: str, make: Callable[..., Signer] = Signer) -> Signer:
    """The signer of an earlier version."""
    return make(current_app.config["SECRET_KEY"], salt=salt)


def resign(browser: Browser, name: str, salt: str) -> None:
    """Give the browser the same cookie as an earlier version signed it."""
    with browser.client.application.test_request_context("/"):
        full = cookies.name_of(current_app, {"wsgi.url_scheme": "http"}, name)
    value = browser.cookie(full)
    assert value is not None
    content = signing.create_serializer(current_app, salt).loads(value)
    old = URLSafeSerializer(current_app.config["SECRET_KEY"], salt=salt).dumps(content)
    assert old != value
    browser.client.set_cookie(full, str(old))


def test_former_cookies_keep_people_signed_in(app: Flask) -> None:
    make_user()
    make_product("Mug", variants=[{"sku": "MUG", "on_hand": 5}])
    browser = Browser(app)
    browser.post("/cart/lines", sku="MUG")
    browser.sign_in()
    resign(browser, "signin", "sign-in")
    assert browser.is_signed_in()
    guest = Browser(app)
    guest.post("/cart/lines", sku="MUG")
    resign(guest, "cart", "cart")
    assert "Mug" in guest.get("/cart").text


def test_former_api_tokens_are_accepted(app: Flask) -> None:
    token = former("api-token").sign("sf_0123456789ab_something").decode()
    with write_transaction() as session:
        digest = hashlib.sha256(token.encode()).hexdigest()
        session.add(ApiToken(id="0123456789ab", name="till", digest=digest, scopes=["catalog:read"]))
    assert rate_limiting.identify({"HTTP_AUTHORIZATION": f"Bearer {token}"}) == "token:0123456789ab"
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/products", headers=headers).status_code == 200
    headers = {"Authorization": f"Bearer {token[:-2]}xx"}
    assert client.get("/api/v1/products", headers=headers).status_code == 401


def test_former_mailed_links_are_accepted(app: Flask) -> None:
    payload = Registration(email="kim@example.com", next="/account")
    new = mailed_tokens.sign(payload)
    serializer = signing.create_timed_serializer(app, "mailed-link")
    old = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="mailed-link").dumps(serializer.loads(new))
    assert mailed_tokens.read_registration(str(old)) == mailed_tokens.read_registration(new) == payload


def test_former_links_to_orders_are_accepted(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3}])
    order = place(make_draft({"T": 1})).order
    old = former("order").get_signature(f"{order.number}:{order.access}").decode()
    assert old != access.order_token(order)
    for shown, status in ((old, 200), (access.order_token(order), 200), (f"{old[:-3]}xyz", 404), ("ö", 404)):
        answer = app.test_client().get(f"/orders/{order.number}", query_string={"token": shown})
        assert answer.status_code == status, shown


@pytest.mark.parametrize("salt", ["sign-in", "device", "cart", "order"])
def test_other_keys_and_purposes_are_refused(app: Flask, salt: str) -> None:
    for secret, other in (("another secret of good length", salt), (app.config["SECRET_KEY"], "other")):
        for method in (hashlib.sha1, hashlib.sha256):
            forged = URLSafeSerializer(secret, salt=other, signer_kwargs={"digest_method": method}).dumps([1])
            with pytest.raises(BadSignature):
                signing.create_serializer(app, salt).loads(forged)
            with pytest.raises(BadSignature):
                signing.create_signer(app, salt).unsign(
                    Signer(secret, salt=other, digest_method=method).sign("x")
                )


def test_new_signatures_are_sha_256(app: Flask) -> None:
    signed = [
        signing.create_signer(app, "x").sign("text").decode(),
        str(signing.create_serializer(app, "x").dumps("text")),
        str(signing.create_timed_serializer(app, "x").dumps("text")),
        signing.create_timestamp_signer(app, "x").sign("text").decode(),
    ]
    for value in signed:
        signature = value.rpartition(".")[2]
        assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) == 32


def test_only_one_module_creates_signers() -> None:
    for file in sorted((ROOT / "storefront").rglob("*.py")):
        source = file.read_text()
        if file.name != "signing.py" and "itsdangerous" in source:
            assert not re.search(r"(?<!Shop)(?:Signer|Serializer)\(", source), file
