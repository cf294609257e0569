"""docs/deploy-replicated.md: a test types every command and gets a shop that survives the loss of a server."""

from __future__ import annotations

import re
import socket

import pytest

from tests.deploy.hosts import Host, blocks, hosts
from tests.deploy.newcomer import Newcomer, basket, complaints, pages, sql
from tests.mail.mailbox import mailbox
from tests.processes import ROOT, eventually, free_port

GUIDE = "deploy-replicated.md"
# The test's machine is smaller than two servers.
_SMALLER = {
    "WEB_CONCURRENCY=2": "WEB_CONCURRENCY=1",
    "STOREFRONT_WORKERS=8": "STOREFRONT_WORKERS=2",
    " storefront@8001": "",
    "for port in 8000 8001": "for port in 8000",
}
_PORTS = {80: 1080, 443: 10443}  # ports of the test's nginx
UNITS = "postgresql redis-server@state redis-server@cache redis-sentinel storefront@8000 nginx"


def redis(host: Host, port: int, *words: str) -> list[str]:
    """Return the answer of a Redis or sentinel of this server."""
    ask = f"redis-cli -h {host.address} -p {port} --no-auth-warning -a $REDIS_PASSWORD"
    return host.run(f". /root/shop.env; {ask} {' '.join(words)}").stdout.split("\n")


def master(host: Host) -> str:
    """Return the address of the state's master, as this server's sentinel sees it."""
    return redis(host, 26379, "SENTINEL get-master-addr-by-name state")[0]


def what_runs(host: Host, port: int) -> str:
    """Return the word of the guide's table for the service on a port; empty if no service listens."""
    try:
        socket.create_connection((host.address, _PORTS.get(port, port)), timeout=5).close()
    except ConnectionRefusedError:
        return ""
    if port == 5432:
        return {"f": "primary", "t": "standby"}[sql(host, "SELECT pg_is_in_recovery()")]
    return {"master": "master", "slave": "replica"}.get(redis(host, port, "ROLE")[0], "yes")


def roles() -> list[list[str]]:
    """Return the rows of the guide's table of services, cell by cell."""
    text = (ROOT / "docs" / GUIDE).read_text().partition("\n| | one | two |")[2]
    rows = text.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.needs("redis-server", "redis-sentinel", "nginx", "curl", "openssl", "rsync")
@pytest.mark.only_long
def test_the_guide_builds_a_shop_that_survives_a_lost_server() -> None:
    mail = free_port()
    with mailbox(mail), hosts("one", "two", "witness", databases="one two") as servers:
        one, two, witness = servers.values()
        values = _SMALLER | {"smtp://user:password@mail.example:587": f"smtp://127.0.0.1:{mail}"}
        values |= {f"10.0.0.{number}": host.address for number, host in enumerate(servers.values(), start=1)}
        newcomer = Newcomer(GUIDE, servers, values)
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
            assert re.search(r"root (?:rsync|\S*/usr/local/bin/storefront) ", line), (
                "cron's PATH is /usr/bin:/bin"
            )
            one.type(line.partition(" root ")[2].replace("\\%", "%"))
        assert two.path("/var/lib/storefront/media/mug.webp").read_bytes() == b"a mug"
        (copy,) = two.path("/var/lib/storefront/backups").glob("*.tar")
        assert copy.stat().st_mode & 0o777 == 0o600
        sku = sql(one, "SELECT min(sku) FROM stock_item WHERE on_hand > 5")

        newcomer.follow("## A new release")
        sql(one, "UPDATE alembic_version SET version_num = '9999'")  # as a migration of that release would
        newcomer.follow("## Back to the release before")
        assert newcomer.unused() == set(), "each value that the test replaces stands in the guide"
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
        assert newcomer.untyped() == []


def lose_two_and_the_witness(one: Host, two: Host, witness: Host, sku: str) -> None:
    """The shop serves without either server, and its enabled units start again."""
    two.off()
    assert (pages(one), basket(one, sku)) == (["200"] * 3, "303")
    two.type(f"systemctl start {UNITS}")
    assert sql(two, "SELECT pg_is_in_recovery()") == "t"
    witness.off()
    assert (pages(two), basket(two, sku)) == (["200"] * 3, "303")
    witness.type("systemctl start redis-server@state redis-sentinel")
    assert eventually(lambda: complaints(one) == []), complaints(one)
    for port in (6379, 6380):  # a master waits for five seconds before it copies its data to a new replica
        assert eventually(lambda port=port: "connected" in redis(two, port, "ROLE")), port


def lose_one(newcomer: Newcomer, one: Host, two: Host, sku: str) -> None:
    """Pages continue; changes are refused until one command promotes the standby."""
    one.off()
    assert pages(two) == ["200"] * 3
    assert basket(two, sku) == "503"
    assert eventually(lambda: master(two) not in ("", one.address)), "Redis needs nobody"
    assert newcomer.follow("## When a server is lost", on="two").strip() == "t"
    assert eventually(lambda: basket(two, sku) == "303"), "the shop finds the new primary by itself"

    one.type("systemctl start redis-server@state redis-server@cache redis-sentinel")
    refused = one.run("systemctl start postgresql")
    assert f"{two.address} is the primary" in refused.stderr, "it does not come back as a second one"
    (standby,) = (lines for _, lines in blocks(GUIDE, "### PostgreSQL") if "PRIMARY=$ONE" in lines)
    assert one.type(standby.replace("PRIMARY=$ONE", "PRIMARY=$TWO")).split()[-1] == "t"
    assert eventually(lambda: what_runs(one, 6380) == "replica"), "as a Redis does by itself"
