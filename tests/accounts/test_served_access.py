"""Who may sign in and what staff may see, on real processes: two workers, in production, without Redis."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

import pyotp
import pytest

from tests.processes import Shop, eventually, filled, gunicorn, served
from tests.redis_roles.servers import Server, server

pytestmark = pytest.mark.slow

SETTINGS = {
    "STOREFRONT_ENV": "production",
    "SECRET_KEY": "only for tests, and long enough for it",
    "TRUSTED_HOSTS": "127.0.0.1",
}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("redis")) as one:
        yield one


@pytest.fixture(scope="module")
def shop(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop in production with two workers."""
    instance, settings = tmp_path_factory.mktemp("served") / "instance", SETTINGS | {"REDIS_URL": redis.url}
    with ExitStack() as stack:
        filled(instance, 1, **settings)
        yield stack.enter_context(served(instance, *gunicorn(2), **settings))


def ask(shop: Shop, path: str, cookie: str) -> tuple[int, bool]:
    """Return a response's status, and whether it says that somebody is signed in."""
    response = send(shop, path, cookie)
    return response.status, b'"signed_in":true' in response.read().replace(b" ", b"")


def send(shop: Shop, path: str, cookie: str = "", **form: str) -> http.client.HTTPResponse:
    """Send a request on a connection of its own, so that any worker may take it."""
    connection = http.client.HTTPConnection(urlsplit(shop.url).netloc, timeout=30)
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Connection": "close"}
    body = urlencode(form) if form else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection.request("POST" if form else "GET", path, body, headers | kind)
    return connection.getresponse()


def sign_in(shop: Shop, email: str, password: str) -> str:
    """Return the cookie of a sign-in."""
    response = send(shop, "/account/login", email=email, password=password)
    assert response.status == 303, response.status
    sent = SimpleCookie(
        "; ".join(one.partition(";")[0] for one in response.headers.get_all("Set-Cookie", []))
    )
    return next(f"{name}={sent[name].value}" for name in sent if "signin" in name)


def set_up_app(shop: Shop, cookie: str) -> None:
    """Set up an authenticator app for the person of this cookie."""
    page = send(shop, "/account/security/app", cookie).read().decode()
    offer = re.findall(r'name="offer" value="([^"]+)"', page)[0]
    code = pyotp.TOTP(re.findall(r"account__key'>([A-Z2-7]+)<", page)[0]).now()
    assert send(shop, "/account/security/app", cookie, offer=offer, code=code).status == 200


def everywhere(shop: Shop, path: str, cookie: str) -> set[tuple[int, bool]]:
    """Return status and "signed in" of many responses: each worker takes some of the requests."""
    return {ask(shop, path, cookie) for _ in range(16)}


def test_a_person_who_leaves_loses_access_at_once(shop: Shop, redis: Server) -> None:
    email = "boss@example.com"
    made = shop.flask("user", "create", email, "--staff", "--generate")
    cookie = sign_in(shop, email, made.stdout.split("Password: ")[1].strip())
    redis.kill()
    assert eventually(lambda: everywhere(shop, "/admin/system/cache", cookie) == {(303, False)}), (
        "without a second factor"
    )
    set_up_app(shop, cookie)
    assert eventually(lambda: everywhere(shop, "/admin/system/cache", cookie) == {(200, False)})
    assert eventually(lambda: everywhere(shop, "/me", cookie) == {(200, True)})
    disabled = shop.flask("user", "disable", email)
    assert disabled.returncode == 0, disabled.stderr
    assert everywhere(shop, "/admin/system/cache", cookie) == {(303, False)}, "led to the sign-in page"
    assert everywhere(shop, "/account", cookie) == {(303, False)}
    assert eventually(lambda: everywhere(shop, "/me", cookie) == {(200, False)}, seconds=1)
