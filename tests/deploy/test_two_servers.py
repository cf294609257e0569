"""The walk-through of docs/operations.md, typed as it is written: a shop on two servers that outlives either."""

from __future__ import annotations

import json
import re
import socket
import urllib.parse

import pytest

from tests.accounts.test_mail import mailbox
from tests.deploy.hosts import Host, blocks, hosts
from tests.processes import ROOT, eventually, free_port

# What the test's machine has less of than two servers.
_SMALLER = {
    "WEB_CONCURRENCY=2": "WEB_CONCURRENCY=1",
    "STOREFRONT_WORKERS=8": "STOREFRONT_WORKERS=2",
    " storefront@8001": "",
    "for port in 8000 8001": "for port in 8000",
}
_PORTS = {80: 1080, 443: 10443}  # where nginx is here
PAGES = ("/", "/products", "/products?page=2")
UNITS = "postgresql redis-server@state redis-server@cache redis-sentinel storefront@8000 nginx"


class Newcomer:
    """Somebody who follows the document, on servers with other addresses."""

    def __init__(self, servers: dict[str, Host], mail: int) -> None:
        self._servers = servers
        self.values = _SMALLER | {"smtp://user:password@mail.example:587": f"smtp://127.0.0.1:{mail}"}
        self.values |= {f"10.0.0.{n}": host.address for n, host in enumerate(servers.values(), start=1)}
        self.seen: set[str] = set()

    def follow(self, heading: str, *, on: str = "one two witness") -> str:
        """Type what stands under a heading, as far as it is for these servers; return what was printed last."""
        printed = ""
        for names, lines in blocks(heading):
            for old, new in self.values.items():
                if old in lines:
                    lines = lines.replace(old, new)
                    self.seen.add(old)
            for name in (name for name in names if name in on):
                printed = self._servers[name].type(lines)
        return printed


def status(host: Host, path: str, *options: str) -> str:
    """Return the status that the nginx of this server answers."""
    words = " ".join(f"'{option}'" for option in options)
    asked = host.run(f"curl -sS -o page -w '%{{http_code}}' {words} 'https://shop.example{path}'")
    return asked.stdout + asked.stderr


def pages(host: Host) -> list[str]:
    """Return what the nginx of this server answers for public pages."""
    return [status(host, page) for page in PAGES]


def basket(host: Host, sku: str) -> str:
    """Put something into a basket, and return the status."""
    form = urllib.parse.urlencode({"sku": sku, "quantity": 1})
    return status(host, "/cart/lines", "--data", form, "-H", "Origin: https://shop.example")


def sql(host: Host, statement: str) -> str:
    """Return what the shop's database on this server answers."""
    return host.type(f'runuser -u postgres -- psql -d shop -tAc "{statement}"').strip()


def redis(host: Host, port: int, *words: str) -> list[str]:
    """Return what a Redis or sentinel of this server answers."""
    ask = f"redis-cli -h {host.address} -p {port} --no-auth-warning -a $REDIS_PASSWORD"
    return host.run(f". /root/shop.env; {ask} {' '.join(words)}").stdout.split("\n")


def master(host: Host) -> str:
    """Return whom this server's sentinel takes for the master of the state."""
    return redis(host, 26379, "SENTINEL get-master-addr-by-name state")[0]


def complaints(host: Host) -> list[str]:
    """Return what the doctor does not find well."""
    found = json.loads(host.type("storefront doctor --no-front --json"))["findings"]
    return [one["sentence"] for one in found if one["level"] != "ok"]


def what_runs(host: Host, port: int) -> str:
    """Return what the document's table says of a server whose port does what this one does."""
    try:
        socket.create_connection((host.address, _PORTS.get(port, port)), timeout=5).close()
    except ConnectionRefusedError:
        return ""
    if port == 5432:
        return {"f": "primary", "t": "standby"}[sql(host, "SELECT pg_is_in_recovery()")]
    return {"master": "master", "slave": "replica"}.get(redis(host, port, "ROLE")[0], "yes")


def roles() -> list[list[str]]:
    """Return the table of what runs where: its rows, cell by cell."""
    text = (ROOT / "docs" / "operations.md").read_text().partition("\n| | one | two |")[2]
    rows = text.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.needs("redis-server", "redis-sentinel", "nginx", "curl", "openssl", "rsync")
@pytest.mark.slow
def test_a_newcomer_gets_a_replicated_shop_and_may_lose_a_server() -> None:
    mail = free_port()
    with mailbox(mail), hosts() as servers:
        one, two, witness = servers.values()
        newcomer = Newcomer(servers, mail)
        newcomer.follow("## Two servers, from nothing to a shop")
        for what, *cells in roles():
            ports = [int(port) for port in re.findall(r"\d{2,}", what) if port != "8001"]
            there = [[what_runs(host, port) for host in servers.values()] for port in ports]
            assert there == [cells] * len(ports) != [], what
        assert two.data.exists()
        assert [*two.data.parent.glob("main-*")], "what the new server held is moved away, not deleted"
        certificate = one.path("/etc/ssl/shop/fullchain.pem").read_bytes()
        assert certificate == one.path("/etc/letsencrypt/live/shop.example/fullchain.pem").read_bytes()
        assert certificate == two.path("/etc/ssl/shop/fullchain.pem").read_bytes(), "curl will trust no other"
        one.type("storefront demo --products 30 --seed 1 --no-pictures")
        one.path("/var/lib/storefront/media/mug.webp").write_bytes(b"a mug")
        for line in one.path("/etc/cron.d/storefront").read_text().splitlines():
            one.type(line.partition(" root ")[2].replace("\\%", "%"))
        assert two.path("/var/lib/storefront/media/mug.webp").read_bytes() == b"a mug"
        (copy,) = two.path("/var/lib/storefront/backups").glob("*.tar")
        assert copy.stat().st_mode & 0o777 == 0o600
        sku = sql(one, "SELECT min(sku) FROM stock_item WHERE on_hand > 5")

        newcomer.follow("## A new release")
        sql(one, "UPDATE alembic_version SET version_num = '9999'")  # as if that had brought a migration
        newcomer.follow("## Back to the release before")
        assert newcomer.seen == set(newcomer.values), "what the test replaces is what the document says"
        assert [basket(host, sku) for host in (one, two)] == ["303", "303"]
        assert [pages(host) for host in (one, two)] == [["200"] * 3] * 2
        for host in (one, two):
            told = host.run(f"curl -fsS http://{host.address}:8000/metrics").stdout
            assert "storefront_request_seconds_count" in told, "Prometheus asks by the private address"
        newcomer.follow("## Back to a backup")
        assert sql(one, "SELECT count(*) FROM cart") == "0", "what came after the backup is lost"
        assert [pages(host) for host in (one, two)] == [["200"] * 3] * 2
        assert eventually(lambda: complaints(one) == []), complaints(one)

        lose_two_and_the_witness(one, two, witness, sku)
        lose_one(newcomer, one, two, sku)


def lose_two_and_the_witness(one: Host, two: Host, witness: Host, sku: str) -> None:
    """Either is missed by nobody and comes back by itself, as what is enabled is started again."""
    two.off()
    assert (pages(one), basket(one, sku)) == (["200"] * 3, "303")
    two.type(f"systemctl start {UNITS}")
    assert sql(two, "SELECT pg_is_in_recovery()") == "t"
    witness.off()
    assert (pages(two), basket(two, sku)) == (["200"] * 3, "303")
    witness.type("systemctl start redis-server@state redis-sentinel")
    assert eventually(lambda: complaints(one) == []), complaints(one)


def lose_one(newcomer: Newcomer, one: Host, two: Host, sku: str) -> None:
    """Pages go on; what changes something waits for one command."""
    one.off()
    assert pages(two) == ["200"] * 3
    assert basket(two, sku) == "503"
    assert eventually(lambda: master(two) not in ("", one.address)), "Redis needs nobody"
    assert newcomer.follow("## When a server is lost", on="two").strip() == "t"
    assert eventually(lambda: basket(two, sku) == "303"), "the shop finds the new primary by itself"

    one.type("systemctl start redis-server@state redis-server@cache redis-sentinel")
    refused = one.run("systemctl start postgresql")
    assert f"{two.address} is the primary" in refused.stderr, "it does not come back as a second one"
    (standby,) = (lines for _, lines in blocks("### PostgreSQL") if "PRIMARY=$ONE" in lines)
    assert one.type(standby.replace("PRIMARY=$ONE", "PRIMARY=$TWO")).split()[-1] == "t"
    assert eventually(lambda: what_runs(one, 6380) == "replica"), "as a Redis does by itself"
