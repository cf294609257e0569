"""The walk-through of docs/operations.md, typed as it is written: a shop on two servers that outlives one of them."""

from __future__ import annotations

import json
import re
import urllib.parse

import pytest

from tests.accounts.test_mail import mailbox
from tests.deploy.hosts import Host, blocks, hosts
from tests.processes import eventually, free_port

# What the test's machine has less of than two servers.
_SMALLER = {
    "WEB_CONCURRENCY=2": "WEB_CONCURRENCY=1",
    "STOREFRONT_WORKERS=8": "STOREFRONT_WORKERS=2",
    " storefront@8001": "",
    "for port in 8000 8001": "for port in 8000",
}


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
            if "scp -p /root/shop.env" in lines:
                written = self._servers["one"].path("/root/shop.env").read_text()
                for name in ("two", "witness"):
                    self._servers[name].path("/root/shop.env").write_text(written)
        return printed


def status(host: Host, path: str, *options: str) -> str:
    """Return the status that the nginx of this server answers."""
    words = " ".join(f"'{option}'" for option in options)
    return host.run(f"curl -s -o page -w '%{{http_code}}' {words} 'https://shop.example{path}'").stdout


def basket(host: Host, sku: str) -> str:
    """Put something into a basket, and return the status."""
    form = urllib.parse.urlencode({"sku": sku, "quantity": 1})
    return status(host, "/cart/lines", "--data", form, "-H", "Origin: https://shop.example")


def master(host: Host) -> str:
    """Return whom this server's sentinel takes for the master of the state."""
    ask = f"redis-cli -h {host.address} -p 26379 --no-auth-warning -a $REDIS_PASSWORD"
    return host.run(f". /root/shop.env; {ask} SENTINEL get-master-addr-by-name state").stdout.split("\n")[0]


@pytest.mark.slow
def test_a_newcomer_gets_a_replicated_shop_and_may_lose_a_server() -> None:
    mail = free_port()
    with mailbox(mail), hosts() as servers:
        one, two = servers["one"], servers["two"]
        newcomer = Newcomer(servers, mail)
        newcomer.follow("## Two servers, from nothing to a shop")
        newcomer.follow("## A new release")
        assert newcomer.seen == set(newcomer.values), "what the test replaces is what the document says"
        found = json.loads(one.type("storefront doctor --no-front --json"))["findings"]
        assert [one["sentence"] for one in found if one["level"] != "ok"] == []
        one.type("storefront demo --products 30 --seed 1 --no-pictures")
        backup = re.findall(r"(storefront backup .*?) &&", one.path("/etc/cron.d/storefront").read_text())[0]
        assert "holds the database" in one.type(backup.replace("\\%", "%"))
        ask = "SELECT min(sku) FROM stock_item WHERE on_hand > 5"
        sku = one.type(f"runuser -u postgres -- psql -d shop -tAc '{ask}'").strip()
        assert basket(two, sku) == "303"
        for host in (one, two):
            told = host.run(f"curl -fsS http://{host.address}:8000/metrics").stdout
            assert "storefront_request_seconds_count" in told, "Prometheus asks by the private address"
        pages = ("/", "/products", "/products?page=2")
        assert [status(host, page) for host in (one, two) for page in pages] == ["200"] * 6

        one.off()
        assert [status(two, page) for page in pages] == ["200"] * 3
        assert basket(two, sku) == "503"
        assert eventually(lambda: master(two) not in ("", one.address)), "Redis needs nobody"
        assert newcomer.follow("## When a server is lost", on="two").strip() == "t"
        assert eventually(lambda: basket(two, sku) == "303"), "the shop finds the new primary by itself"

        one.type("systemctl start redis-server@state redis-server@cache redis-sentinel")
        refused = one.run("systemctl start postgresql")
        assert f"{two.address} is the primary" in refused.stderr, "it does not come back as a second one"
        (standby,) = (lines for _, lines in blocks("### PostgreSQL") if "PRIMARY=$ONE" in lines)
        assert one.type(standby.replace("PRIMARY=$ONE", "PRIMARY=$TWO")).split()[-1] == "t"
