"""nginx with the files of deploy/nginx in front of two gunicorns: what it caches, forwards and refuses."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.stock_denial import DETAILS, Visitor, buyable
from storefront.limit_policies import POLICIES
from tests.deploy.conftest import Deployed
from tests.deploy.front import HOST, NGINX, Answer, Front, nginx
from tests.processes import eventually, free_port

pytestmark = [pytest.mark.slow, pytest.mark.needs("nginx", "openssl")]


def test_nginx_serves_http_2_over_tls_and_redirects_to_it(front: Front) -> None:
    with front.secure(protocols=["h2", "http/1.1"]) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        assert connection.version() == "TLSv1.3"
    plain = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=30)
    plain.request("GET", "/products?q=tea", headers={"Host": HOST})
    answer = plain.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{HOST}/products?q=tea")
    plain.close()


def test_another_host_gets_no_answer(front: Front) -> None:
    with pytest.raises(ssl.SSLError):
        front.secure(host="other.example")
    with front.secure() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")
        assert b"200" not in connection.recv(4096)[:20]


@pytest.mark.parametrize(
    "head",
    [
        "GET http://shop.example/products HTTP/1.1\r\nHost: shop.example",
        "GET http://elsewhere.example/ HTTP/1.1\r\nHost: shop.example",
        "GET /products HTTP/1.1",
        "GET /products HTTP/1.0",
        "OPTIONS * HTTP/1.1\r\nHost: shop.example",
    ],
)
def test_gunicorn_refuses_requests_of_strange_proxies(deployed: Deployed, head: str) -> None:
    port = int(deployed.shops[0].url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(f"{head}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_public_page_is_cached_and_says_so(deployed: Deployed) -> None:
    front, path = deployed.front, deployed.products[0]
    first = front.get(path, Accept_Encoding="br")
    assert (first.status, first.front) == (200, "fwd=uri-miss")
    assert int(first.headers["x-ratelimit-remaining"]) > 0
    again = _hit(front, path, Accept_Encoding="gzip, deflate, br", Cookie="session=somebody")
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert "x-accel-expires" not in again.headers, "it is for nginx alone"
    assert again.headers["content-encoding"] == "br"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    # One visitor must not see the remaining limit of another.
    assert "ratelimit" not in again.headers
    assert "x-ratelimit-remaining" not in again.headers
    for header in ("content-security-policy", "strict-transport-security", "x-content-type-options"):
        assert again.headers[header]
    assert front.get(path, If_None_Match=again.headers["etag"], Accept_Encoding="br").status == 304
    for accepted in ("br;q=0", "identity", "gzip;q=0, br;q=0"):
        plain = front.get(path, Accept_Encoding=accepted)
        assert "content-encoding" not in plain.headers
        assert plain.body.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "path", ["/me", "/cart", "/account/login", "/healthz", "/account/x.css", "/products/x/../../me"]
)
def test_private_pages_are_never_cached(front: Front, path: str) -> None:
    for _ in range(2):
        assert front.get(path).front == ""


def test_requests_with_a_token_bypass_the_cache(deployed: Deployed) -> None:
    for _ in range(2):
        assert deployed.front.get(deployed.products[1]).status == 200
    assert deployed.front.get(deployed.products[1], Authorization="Bearer x").front == "fwd=bypass"


def test_an_address_is_not_cached_under_another_one(deployed: Deployed) -> None:
    front, path = deployed.front, deployed.products[-1]
    # nginx could read this as `path`; the shop does not, and has no such category: a public 404.
    assert front.get(f"/categories/x/../..{path}", Accept_Encoding="br").status == 404
    assert front.get(path, Accept_Encoding="br").status == 200
    assert front.get(f"{path}?variant=none", Accept_Encoding="br").status in (200, 404)
    first, second = (front.get(f"/products?page={page}").body for page in (1, 2))
    assert first != second
    poison = front.get(
        "/products?sort=price", X_Forwarded_Host="evil.example", X_Original_URL="/me", Forwarded="host=e"
    )
    assert b"evil.example" not in poison.body
    assert poison.body == front.get("/products?sort=price").body


def test_static_files_are_cached_in_the_best_compression(front: Front) -> None:
    style = front.get("/").body.decode().partition('href="/static/css/')[2].partition('"')[0]
    first, again = (
        front.get(f"/static/css/{style}", Accept_Encoding="gzip, deflate, br, zstd") for _ in "12"
    )
    assert (first.status, first.front, again.front) == (200, "fwd=uri-miss", "hit")
    assert again.headers["content-encoding"] == "br"
    assert "immutable" in again.headers["cache-control"]
    plain = front.get(f"/static/css/{style}", Accept_Encoding="identity")
    assert len(again.body) < len(plain.body) / 4


def test_many_requests_for_a_missing_page_cost_one_request(deployed: Deployed) -> None:
    path = deployed.products[2]
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: deployed.front.get(path), range(30)))
    assert {answer.status for answer in answers} == {200}
    lines = [json.loads(line) for line in deployed.front.log.read_text().splitlines()]
    assert [line["cache"] for line in lines if line["path"] == path].count("MISS") == 1
    assert not any("127.0.0.1" in line.get("address", "") for line in lines)


def test_an_expired_copy_is_never_served_by_a_sound_shop(deployed: Deployed) -> None:
    """The first visitor after a quiet while gets the page of this moment."""
    front, path = deployed.front, deployed.products[3]
    old = _hit(front, path, Accept_Encoding="identity")
    assert (
        deployed.shops[0].flask("stock", "set", deployed.skus[path], "0", "--reason", "test").returncode == 0
    )
    seen = [old]

    def new() -> bool:
        seen.append(front.get(path, Accept_Encoding="identity"))
        return seen[-1].body != old.body

    assert eventually(new)
    assert not {"hit; detail=stale", "hit; detail=updating"} & {answer.front for answer in seen}


def test_forwarding_headers_of_clients_are_not_trusted(deployed: Deployed) -> None:
    front = deployed.front
    assert front.get("/robots.txt", X_Forwarded_For="203.0.113.7").status == 200
    assert front.get("/robots.txt", source="127.0.0.9").status == 403, "and the true address is told"
    given = front.get("/robots.txt", X_Request_ID="chosen-by-a-client")
    assert given.headers["x-request-id"] != "chosen-by-a-client"


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"path": "/cart/lines", "method": "POST", "body": b"x" * (16 * 1024 + 1)}, 413),
        ({"path": "/api/v1/products/1", "method": "PUT", "body": b"x" * (1024 * 1024 + 1)}, 413),
        ({"path": "/products?q=" + "x" * 17_000}, 414),
        ({"path": "/", "X_Long": "x" * 17_000}, 400),
        ({"path": "/metrics"}, 404),
    ],
)
def test_oversized_requests_are_refused(front: Front, how: dict[str, object], status: int) -> None:
    assert front.get(**how).status == status  # type: ignore[arg-type]


def test_the_refusal_of_a_large_body_names_the_limit(front: Front) -> None:
    for path, size in (("/cart/lines", "16 kB"), ("/checkout", "64 kB"), ("/api/v1/products/1", "1 MB")):
        answer = front.get(path, method="POST", body=b"x" * 3_000_000)
        assert (answer.status, size in answer.body.decode()) == (413, True)
    assert front.get("/checkout", method="POST", body=b"x" * 20_000).status != 413
    assert front.get("/api/v1/products/1", method="PUT", body=b"x" * 900_000).status == 401


def test_a_request_that_never_arrives_times_out(front: Front) -> None:
    with front.secure() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: shop.exa")
        connection.settimeout(20)
        assert b"200" not in connection.recv(100)[:20], "the connection is closed after five seconds"


def test_stream_messages_pass_without_buffering(deployed: Deployed) -> None:
    with deployed.front.secure() as connection:
        connection.sendall(f"GET /stock/stream?product=1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        connection.settimeout(20)
        seen = b""
        while b"event: snapshot" not in seen:
            seen += connection.recv(4096)
        sku = json.loads(seen.partition(b"data: ")[2].partition(b"\n")[0])["items"][0]["sku"]
        for number in (2, 1):
            assert (
                deployed.shops[0].flask("stock", "set", sku, str(number), "--reason", "test").returncode == 0
            )
            while b'"left":%d' % number not in seen:
                seen += connection.recv(4096)


def test_the_other_shop_renders_pages_while_one_is_down(
    deployed: Deployed, request: pytest.FixtureRequest
) -> None:
    front, (first, second) = deployed.front, deployed.shops
    fresh = iter(deployed.products[3:])
    request.addfinalizer(lambda: [shop.restart() for shop in deployed.shops])  # for the tests that come later

    def order(number: int) -> Answer:
        form = urllib.parse.urlencode({"sku": "none", "quantity": number}).encode()
        headers = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
        return front.get("/cart/lines", method="POST", body=form, **headers)

    assert front.get("/products?sort=name").status == 200
    first.interrupt()
    assert [front.get(next(fresh)).status for _ in range(6)] == [200] * 6
    assert {order(number).status for number in range(1, 7)} == {422}, "a form, too, as it was not sent yet"
    assert _health(second.url) == 200
    second.interrupt()
    away = front.get("/cart")
    assert (away.status, away.headers["retry-after"], away.headers["cache-control"]) == (503, "5", "no-store")
    assert b"catching its breath" in away.body

    # nginx serves the public pages that it has, however old they are.
    def is_old() -> bool:
        page = front.get("/products?sort=name")
        assert page.status == 200
        return page.front == "hit; detail=stale"

    assert eventually(is_old), "its second is over"


def _hit(front: Front, path: str, **headers: str) -> Answer:
    """Return an answer of nginx's own copy, which lives for a second."""
    found: list[Answer] = []

    def hit() -> bool:
        found.append(front.get(path, **headers))
        return found[-1].front == "hit"

    assert eventually(hit)
    return found[-1]


def _health(url: str) -> int:
    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        return int(answer.status)


def test_one_address_cannot_hold_the_shop_empty(deployed: Deployed) -> None:
    """The shop is asked as its proxy asks it, for two addresses."""
    shop, database = deployed.shops[0], deployed.shops[0].instance.parent / "shop.sqlite3"
    before = buyable(database)
    scarce = sorted(before, key=lambda sku: before[sku])[:24]
    attacker, neighbour = Visitor(shop, "198.51.100.1"), Visitor(shop, "198.51.100.2")
    for first in range(0, 24, 8):
        attacker.forget()
        for sku in scarce[first : first + 8]:
            attacker.post("/cart/lines", sku=sku, quantity=min(99, before[sku]))
        status, location, _ = attacker.post("/checkout", **DETAILS)
        assert (status, location) == (303, "/checkout/review?said=not-held")
        assert "We can’t reserve your items right now" in attacker.get(location)[2]
    assert buyable(database) == before
    neighbour.post("/cart/lines", sku=scarce[0], quantity=1)
    status, location, _ = neighbour.post("/checkout", **DETAILS, place=1)
    assert (status, location.startswith("/orders/")) == (303, True)


def _zones() -> dict[str, int]:
    """Return the rates of deploy/nginx in requests a minute."""
    text = (NGINX / "site" / "limits.conf").read_text()
    return {name: int(rate) for name, rate in re.findall(r"zone=([\w.]+):10m rate=(\d+)r/m;", text)}


def test_nginx_limits_are_those_of_the_shop() -> None:
    policies = {policy.name: policy for policy in POLICIES}
    zones = _zones()
    assert zones == {name: policies[name].limit * 60 // policies[name].window for name in zones}
    text = (NGINX / "locations.conf").read_text()
    locations = re.findall(r"^location (?:[~^=]+ )?(\S+) \{(.*?)^\}", text, re.M | re.S)
    free = {"^/(static|media)/", "/metrics"}
    counted = {}
    for path, inside in locations:
        if path.startswith("@") or path in free:
            continue
        found = dict(re.findall(r"limit_req zone=([\w.]+) burst=(\d+) nodelay;", inside))
        assert found, f"{path} has no limit"
        for zone, burst in found.items():
            assert int(burst) == policies[zone].burst - 1, "one more than the burst passes"
        counted |= dict.fromkeys(found, path)
    assert set(counted) == set(zones)
    assert {"/api/", "/payments/"} <= {path for path, _ in locations}


def test_nginx_refuses_a_flood_by_itself(tmp_path: Path) -> None:
    with nginx(tmp_path, free_port(), limited=True) as front:  # no shop is there: what passes is answered 503
        pages = [front.get("/checkout/review", source="127.0.0.8") for _ in range(12)]
        assert {page.status for page in pages} == {503}, "only what is sent counts as a checkout"
        answers = [front.get("/checkout", method="POST", source="127.0.0.8") for _ in range(12)]
        assert [answer.status for answer in answers[:10]] == [503] * 10
        assert (answers[-1].status, answers[-1].headers["retry-after"]) == (429, "10")
        assert b"A little slower" in answers[-1].body
        assert front.get("/checkout", method="POST", source="127.0.0.9").status == 503, "another client"
        api = [front.get("/api/v1/products", source="127.0.0.10") for _ in range(3)]
        assert {answer.status for answer in api} == {503}
