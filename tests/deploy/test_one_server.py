"""docs/deploy-one-server.md: a test types every command of the guide and gets a shop with TLS, backups and alerts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.deploy.hosts import Host, hosts
from tests.deploy.newcomer import Newcomer, basket, complaints, pages, sql, status
from tests.mail.mailbox import mailbox
from tests.processes import eventually, free_port
from tests.programs import require_program

GUIDE = "deploy-one-server.md"
UNITS = "postgresql redis-server@cache redis-server@state storefront@8000 storefront@8001 nginx"


@dataclass
class Built:
    """Two servers after the guide's first part: one serves the shop, the other one takes its backups."""

    server: Host
    elsewhere: Host
    person: Newcomer

    def sells(self) -> bool:
        """Return whether pages answer and a basket can be filled."""
        return (pages(self.server), basket(self.server, self.sku())) == (["200"] * 3, "303")

    def sku(self) -> str:
        """Return something that is in stock."""
        return sql(self.server, "SELECT min(sku) FROM stock_item WHERE on_hand > 5")


@pytest.fixture
def built() -> Iterator[Built]:
    """What a person has who typed the commands below "Set up"."""
    require_program("promtool")
    mail = free_port()
    with mailbox(mail), hosts("server", "elsewhere", databases="server") as servers:
        server, elsewhere = servers.values()
        values = {
            "127.0.0.1": server.address,
            "10.0.0.9": elsewhere.address,
            "smtp://$SMTP_USER:$SMTP_PASSWORD@$SMTP_SERVER": f"smtp://localhost:{mail}",
        }
        person = Newcomer(GUIDE, servers, values)
        person.follow("## Set up")
        server.type("storefront demo --products 30 --seed 1 --no-pictures")
        yield Built(server, elsewhere, person)


@pytest.mark.slow
def test_the_guide_builds_a_shop_on_one_server(built: Built) -> None:
    """Releases and restored backups have tests of their own; the guide's words for them are typed in the next one."""
    server = built.server
    certificate = server.path("/etc/ssl/shop/fullchain.pem").read_bytes()
    assert certificate == server.path("/etc/letsencrypt/live/shop.example/fullchain.pem").read_bytes()
    assert eventually(lambda: complaints(server) == []), complaints(server)
    the_shop_is_watched(server)
    assert built.sells()
    a_backup_is_made_at_night(server, built.elsewhere)


@pytest.mark.only_long
def test_the_guide_leads_through_releases_and_losses(built: Built) -> None:
    server, person = built.server, built.person
    assert built.sells()
    person.follow("## A new release")
    sql(server, "UPDATE alembic_version SET version_num = '9999'")  # as a migration of that release would
    person.follow("## Back to the release before")
    assert built.sells()

    server.off()
    server.type(f"systemctl start {UNITS}")
    assert eventually(lambda: pages(server) == ["200"] * 3), "everything starts again after a power cut"
    server.type("rm /var/lib/storefront/backups/*")
    before = sql(server, "SELECT count(*) FROM cart")
    person.follow("## Back to a backup")
    assert sql(server, "SELECT count(*) FROM cart") < before, "changes after the backup are lost"
    assert pages(server) == ["200"] * 3
    assert person.untyped() == []
    assert person.unused() == set(), "each value that the test replaces stands in the guide"


def the_shop_is_watched(server: Host) -> None:
    """Each address that Prometheus asks answers with metrics, and alerts go to the shop's owner."""
    settings = yaml.safe_load(server.path("/etc/prometheus/prometheus.yml").read_text())
    (scraped,) = settings["scrape_configs"]
    assert scraped["job_name"] == "storefront", "as the rules expect"
    targets = scraped["static_configs"][0]["targets"]
    assert [target.rpartition(":")[2] for target in targets] == ["8000", "8001"]
    for target in targets:
        shown = server.run(f"curl -fsS http://{target}/metrics").stdout
        assert "storefront_redis_calls_total" in shown, target
    alerts = yaml.safe_load(server.path("/etc/prometheus/alertmanager.yml").read_text())
    assert alerts["receivers"][0]["email_configs"] == [{"to": "you@shop.example"}]
    assert status(server, "/readyz") == "200", "which a service elsewhere asks for"
    assert status(server, "/metrics") == "404", "which is not for strangers"


def a_backup_is_made_at_night(server: Host, elsewhere: Host) -> None:
    """Cron has neither /usr/local/bin nor /usr/sbin in its PATH, so commands are named in full."""
    (line,) = server.path("/etc/cron.d/storefront").read_text().splitlines()
    script = line.partition(" root ")[2]
    assert re.search(r"/usr/local/bin/storefront backup ", Path(script).read_text())
    server.type(script)
    copies = [*elsewhere.path("/var/backups/shop").glob("*.tar")]
    assert len(copies) == 2, "the guide made one already"
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}
