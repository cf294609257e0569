"""Responses: headers on every limited response, and the response to a refused request."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront import rate_limiting
from storefront.limit_policies import ENDPOINT_COSTS, POLICIES
from storefront.rate_limiting import declarations
from tests.rate_limiting.conftest import MakeShop


@pytest.fixture
def client(shop: MakeShop) -> FlaskClient:
    return shop(STOREFRONT_LIMIT_BROWSE="2/hour").test_client()


def refused(client: FlaskClient, path: str = "/robots.txt", **about: Any) -> TestResponse:
    for _ in range(2):
        client.get("/robots.txt")
    answer = client.open(path, **about)
    assert answer.status_code == 429
    return answer


def test_every_limited_response_says_how_much_is_left(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="100/hour").test_client()
    for left, path in ((99, "/robots.txt"), (98, "/nowhere"), (97, "/robots.txt?x=1")):
        headers = client.get(path).headers
        assert headers["RateLimit-Policy"] == '"browse";q=100;w=3600'
        assert re.fullmatch(rf'"browse";r={left};t=\d+', headers["RateLimit"])
        assert headers["X-RateLimit-Remaining"] == str(left)
        assert "Retry-After" not in headers


@pytest.mark.parametrize("path", ["/healthz", "/static/img/favicon.svg", "/media/none.webp"])
def test_free_endpoints_have_no_headers_and_no_limit(client: FlaskClient, path: str) -> None:
    for _ in range(4):
        headers = client.get(path).headers
        assert "RateLimit" not in headers
    assert client.get("/robots.txt").headers["X-RateLimit-Remaining"] == "1"


def test_refusal_is_a_page_of_the_shop(client: FlaskClient) -> None:
    answer = refused(client)
    assert 1790 <= int(answer.headers["Retry-After"]) <= 1800
    assert answer.headers["RateLimit"].startswith('"browse";r=0;t=')
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"]
    assert "X-Request-ID" in answer.headers
    assert answer.mimetype == "text/html"
    assert f'<count-down seconds="{answer.headers["Retry-After"]}"' in answer.text
    assert "continue in <span data-left>30 minutes</span>" in answer.text
    assert "You’ve opened a lot of pages" in answer.text
    assert "Your basket is safe" in answer.text
    assert 'href="">Try this page again' in answer.text


@pytest.mark.parametrize(("encoding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_the_page_comes_compressed_as_pages_do(
    client: FlaskClient, encoding: str, decode: Callable[[bytes], bytes]
) -> None:
    for answer in (refused(client, headers={"Accept-Encoding": encoding}) for _ in range(2)):
        assert answer.headers["Content-Encoding"] == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert b"Too many requests" in decode(answer.data)


def test_refused_form_does_not_offer_a_reload(client: FlaskClient) -> None:
    text = refused(client, method="POST").text
    assert "You’ve sent this form many times" in text
    assert "go back and send it again" in text
    assert "Try this page again" not in text


@pytest.mark.parametrize(
    ("path", "accept"), [("/api/v1/nothing", "*/*"), ("/robots.txt", "application/json")]
)
def test_programs_get_a_problem(client: FlaskClient, path: str, accept: str) -> None:
    answer = refused(client, path, headers={"Accept": accept})
    assert answer.mimetype == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["status"] == 429
    assert problem["retry_after"] == int(answer.headers["Retry-After"])
    assert problem["policies"] == ["browse"]


def test_scripts_of_pages_get_the_sentence_of_the_shop(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="1/hour", STOREFRONT_LOCALE="de_DE").test_client()
    answers = [client.get("/robots.txt", headers={"Accept": "application/json"}) for _ in range(2)]
    assert json.loads(answers[1].data)["detail"].startswith("Zu viele Anfragen. Versuchen Sie es in ")


def test_streams_get_a_line(client: FlaskClient) -> None:
    answer = refused(client, headers={"Accept": "text/event-stream"})
    assert answer.mimetype == "text/plain"
    assert re.fullmatch(r"Too many requests. Try again in \d+ seconds.\n", answer.text)


def test_unknown_host_gets_a_refusal_too(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="2/hour", TRUSTED_HOSTS="shop.example").test_client()
    answers = [client.get("/", headers={"Host": "evil.example"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 429, 429]


def test_the_same_request_passes_once_its_time_has_come(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="60/minute+1").test_client()
    while (answer := client.get("/robots.txt")).status_code == 200:
        pass
    assert answer.headers["Retry-After"] == "1"


def test_networks_can_be_denied_or_allowed_without_limit(shop: MakeShop) -> None:
    client = shop(
        STOREFRONT_LIMIT_BROWSE="1/hour",
        STOREFRONT_LIMIT_DENY="192.0.2.0/24",
        STOREFRONT_LIMIT_ALLOW="198.51.100.7",
    ).test_client()

    def ask(address: str, path: str = "/robots.txt") -> TestResponse:
        return client.get(path, environ_overrides={"REMOTE_ADDR": address})

    assert ask("192.0.2.9").status_code == 403
    assert ask("192.0.2.9", "/healthz").status_code == 200
    answers = [ask("198.51.100.7") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_limits_can_be_off_for_measuring(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="1/hour", STOREFRONT_LIMITS="off").test_client()
    answers = [client.get("/robots.txt") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_limit_in_shadow_mode_has_no_headers(shop: MakeShop) -> None:
    client = shop(STOREFRONT_LIMIT_BROWSE="1/hour", STOREFRONT_LIMIT_SHADOW="browse").test_client()
    answers = [client.get("/robots.txt") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


@pytest.fixture
def desk(shop: MakeShop) -> Flask:
    """A shop with a sign-in form that only confirms that it was reached."""
    app = shop(STOREFRONT_LIMIT_SIGN_IN_ADDRESS="5/hour", STOREFRONT_LIMIT_SIGN_IN_ACCOUNT="2/hour")

    @app.route("/desk", methods=["GET", "POST"])
    @rate_limiting.limit(
        "sign-in.address", "sign-in.account", methods=["POST"], account=lambda: request.form.get("email", "")
    )
    def sign_in() -> str:
        return str(g.rate_limit.allowed)

    return app


def test_sign_in_is_limited_by_address_and_account(desk: Flask) -> None:
    client = desk.test_client()

    def post(email: str, address: str = "192.0.2.1") -> TestResponse:
        return client.post("/desk", data={"email": email}, environ_overrides={"REMOTE_ADDR": address})

    first = post("ann@shop.example")
    assert first.headers["RateLimit-Policy"] == '"sign-in.address";q=5;w=3600, "sign-in.account";q=2;w=3600'
    assert first.headers["X-RateLimit-Remaining"] == "1"
    assert post(" ANN@shop.example ").status_code == 200
    assert post("ann@shop.example", "192.0.2.2").status_code == 429  # by the account, from wherever
    assert post("bob@shop.example", "192.0.2.2").headers["RateLimit"].startswith('"sign-in.address";r=4')
    assert [post(f"{n}@shop.example").status_code for n in range(4)] == [200, 200, 200, 429]  # by the address
    assert client.get("/desk").headers["RateLimit-Policy"].startswith('"browse"')


def test_request_without_account_is_limited_by_address(desk: Flask) -> None:
    answer = desk.test_client().post("/desk", data={"email": "  "})
    assert answer.headers["RateLimit-Policy"] == '"sign-in.address";q=5;w=3600'


def test_a_deep_page_costs_more_and_bad_input_costs_one(shop: MakeShop) -> None:
    app = shop()

    def cost(path: str) -> dict[str, int]:
        with app.test_request_context(path):
            return dict(declarations.current_costs(app, ENDPOINT_COSTS)[0])

    assert cost("/products") == {"browse": 1}
    assert cost("/products?page=20&vendor=x") == {"browse": 1}
    assert cost("/products?page=21") == {"browse": 2}
    assert cost("/categories/tea?page=21&in_stock=1") == {"browse": 3}
    assert cost("/products?q=tea") == {"browse": 1, "search": 1}
    assert cost("/products?page=0") == {"browse": 1}


def test_every_limit_that_a_view_names_is_in_the_table(shop: MakeShop) -> None:
    named = {
        charge.policy
        for view in shop().view_functions.values()
        for charge in getattr(view, "rate_limits", ())
    }
    assert named <= {policy.name for policy in POLICIES}


# Views where a guess, a mail or a payment is at stake; one unit of `browse` would admit far too many.
DOORS = {
    "accounts.change_email": {"sign-in.address", "password-reset.account"},
    "accounts.change_password": {"sign-in.address"},
    "accounts.delete": {"sign-in.address"},
    "accounts.set_email": {"password-reset.address"},
    "checkout.check_out": {"checkout"},
    "orders.show": {"order"},
    "orders.cancel": {"order"},
    "password_reset.send_link": {"password-reset.address", "password-reset.account"},
    "password_reset.set_password": {"password-reset.address"},
    "payments.stripe_event": {"payment.event"},
    "sign_in.create_account": {"password-reset.address"},
    "sign_in.send_registration_link": {"register", "password-reset.account"},
    "sign_in.submit_login": {"sign-in.address"},
    "sign_in_links.use": {"password-reset.address"},
}


def test_doors_keep_limits_of_their_own(shop: MakeShop) -> None:
    views = shop().view_functions
    for endpoint, policies in DOORS.items():
        declared = {charge.policy for charge in getattr(views[endpoint], "rate_limits", ())}
        assert policies <= declared, endpoint


def test_every_endpoint_that_is_free_exists(shop: MakeShop) -> None:
    assert set(ENDPOINT_COSTS) - {"metrics"} <= set(shop().view_functions)
