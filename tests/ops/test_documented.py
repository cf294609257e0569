"""Every command, setting, path and figure in the documents for operators exists in the shop."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml
from flask import Flask

from storefront import limit_policies, postgresql
from storefront.cache import edge_fields, l2, store
from storefront.cache.keys import HARD_TTL, OUTAGE_TTL
from storefront.config import Settings
from storefront.rate_limiting import policies
from storefront.redis_roles import circuit_breaker
from storefront.shop_cache import keys
from tests.chaos.test_failover import RECOVERY
from tests.conftest import SHIPPED_CONNECT_SECONDS, SHIPPED_PING_SECONDS, SHIPPED_TIMEOUT
from tests.processes import ROOT

pytestmark = pytest.mark.any_database

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ONE_SERVER = (ROOT / "docs" / "deploy-one-server.md").read_text()
REPLICATED = (ROOT / "docs" / "deploy-replicated.md").read_text()
CHECKLIST = RUNBOOK[RUNBOOK.index("## The checklist") : RUNBOOK.index("## Backup and restore")]
_THEIRS = {"run", "db", "shell", "routes"}  # Flask's and Flask-Migrate's own


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_exists_with_its_options(app: Flask, document: Path) -> None:
    for line in re.findall(r"\bflask ((?:[a-z-]+ )*[a-z][a-z-]*)([^`|\n&]*)", document.read_text()):
        words, rest = line[0].split(), line[1]
        if words[0] not in app.cli.commands:
            assert words[0] in _THEIRS or not re.search(rf"flask {words[0]}[`\n]", document.read_text()), line
            continue
        command: click.Command = app.cli.commands[words[0]]
        if isinstance(command, click.Group) and len(words) > 1:
            command = command.commands[words[1]]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"(?<![\w-])--[a-z-]+", rest)) <= known, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_target_path_and_setting_exists(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets
    made = set(re.findall(r"Create `([^`]+)`", text))  # by the steps of a recipe
    for path in set(re.findall(r"`((?:deploy|tests|benchmarks|static)/[\w./-]+)", text)) - made:
        assert (ROOT / path.rstrip("/.")).exists(), path
    for target in re.findall(r"\]\(([\w/.-]+\.md)", text):
        assert (document.parent / target).exists(), target
    known = {*Settings.names(), *(policies.setting_name(policy.name) for policy in limit_policies.POLICIES)}
    for name in re.findall(r"`(STOREFRONT_[A-Z_]+)[`=]", text):
        assert name in known, name


def test_every_staff_page_and_probe_exists(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    named = re.findall(r"`(/(?:admin/system[\w/]*|healthz|readyz|metrics))`", RUNBOOK)
    assert {path.rstrip("/") for path in named} <= rules


def test_the_checklist_has_the_numbers_of_the_code() -> None:
    names = {"product_detail": "A product's page", "product_list": "a list", "category": "a category"}
    names["user_profile"] = "a profile"
    ttls = {kind.name: kind.ttl for kind in keys.KINDS}
    for name, words in names.items():
        assert f"{words} {ttls[name]} s" in CHECKLIST
    assert f"each ±{l2.JITTER * 100:g} %" in CHECKLIST
    assert f"a proxy in front keeps a page {edge_fields.SHARED_MAX_AGE} s" in CHECKLIST.replace(
        "A proxy", "a proxy"
    )
    assert f"wait for it, at most {store.MAX_WAIT:g} s" in CHECKLIST
    assert f"kept {OUTAGE_TTL:g} s in each worker" in CHECKLIST
    assert f"served stale for up to {HARD_TTL // 3600} h" in CHECKLIST
    settings = Settings.from_environ({"SECRET_KEY": "x"}, ROOT)
    assert f"a session {settings.session_ttl} s" in CHECKLIST
    assert f"each worker keeps {settings.cache_local_mb} MB" in CHECKLIST
    assert (
        f"opens after {circuit_breaker.MAX_ERRORS} errors in {circuit_breaker.ERROR_WINDOW:g} s" in CHECKLIST
    )
    assert f"one probe every {circuit_breaker.PROBE_INTERVAL:g} s" in CHECKLIST
    assert f"waits at most {SHIPPED_TIMEOUT:g} s" in CHECKLIST
    assert f"tried for {SHIPPED_CONNECT_SECONDS:g} s" in CHECKLIST
    assert f"asked for {SHIPPED_PING_SECONDS:g} s" in CHECKLIST
    assert f"({postgresql.STATEMENT_SECONDS:g} s if the server is frozen" in CHECKLIST
    url = {"SECRET_KEY": "x", "DATABASE_URL": "postgresql://db/shop"}
    given = Settings.from_environ(url, ROOT).to_flask()["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    for name, words in (
        ("statement", "a statement ends after {} s"),
        ("lock", "a wait for a lock after {} s"),
    ):
        milliseconds = re.search(rf"{name}_timeout=(\d+)", given["options"])
        assert milliseconds
        assert words.format(int(milliseconds[1]) // 1000) in CHECKLIST


def test_the_checklist_has_the_servers_of_deploy() -> None:
    conf = {name: (ROOT / "deploy" / "redis" / f"{name}.conf").read_text() for name in ("cache", "state")}
    for name, words in (("cache", "gives the cache {}"), ("state", "sessions, limits and stock {}")):
        found = re.search(r"^maxmemory (\w+)$", conf[name], re.M)
        assert found
        assert words.format(found[1]) in CHECKLIST
    assert "maxmemory-policy allkeys-lfu" in conf["cache"]
    assert "maxmemory-policy noeviction" in conf["state"]
    for line in re.findall(r"`(min-replicas-[\w-]+ \d)`", CHECKLIST):
        assert line in conf["state"]


def gigabytes(text: str, name: str) -> list[float]:
    """Return the sizes that a file or guide gives a setting of Redis or PostgreSQL."""
    sizes = {"mb": 1 / 1024, "gb": 1}
    found = re.findall(rf"^{name}\s*=?\s*(\d+)(\w\w)\b", text, re.M)
    return [int(number) * sizes[unit.lower()] for number, unit in found]


def test_one_server_has_enough_memory_for_its_services() -> None:
    (server,) = (int(found) for found in re.findall(r"two cores, (\d+) GB", ONE_SERVER))
    redis = gigabytes(ONE_SERVER, "maxmemory")
    (buffers,) = gigabytes(ONE_SERVER, "shared_buffers")
    workers = int(re.findall(r"STOREFRONT_WORKERS=(\d)", ONE_SERVER)[0])
    gunicorns = len(re.findall(r"storefront@80\d\d", ONE_SERVER)[:2])
    assert workers == gunicorns * int(re.findall(r"WEB_CONCURRENCY=(\d)", ONE_SERVER)[0])
    assert len(redis) == 2
    assert sum(redis) + buffers + workers * 0.25 < server / 1.3


def test_two_servers_have_enough_memory_for_their_services() -> None:
    def held(file: str, name: str) -> float:
        (size,) = gigabytes((ROOT / "deploy" / file).read_text(), name)
        return size

    walk = REPLICATED
    server, witness = (int(found) for found in re.findall(r"(\d+) GB(?:,| is enough)", walk)[:2])
    state, cache = (held(f"redis/{role}.conf", "maxmemory") for role in ("state", "cache"))
    processes = int(re.findall(r"WEB_CONCURRENCY=(\d)", walk)[0]) * len(
        re.findall(r"storefront@80\d\d", walk)[:2]
    )
    assert state < witness / 1.5
    assert (
        state + cache + held("postgresql/storefront.conf", "shared_buffers") + processes * 0.25 < server / 1.3
    )
    assert f"STOREFRONT_WORKERS={2 * processes}" in walk, "of both servers"
    kept = held("postgresql/storefront.conf", "wal_keep_size")
    assert f"away for more than {kept:g} GB of changes" in walk
    assert f"another is the master within {RECOVERY:g} s" in walk


def test_every_alert_is_documented_with_its_level_and_delay() -> None:
    groups = yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yml").read_text())["groups"]
    found = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    for name, sign, words in (("PagesSlow", ">", "p99 of all under {:g} s"), ("HitRateLow", "<", "{:.0%}")):
        bound = re.search(rf"{sign} ([\d.]+)(?:$| and)", found[name]["expr"].strip())
        assert bound
        assert words.format(float(bound[1])).replace("%", " %") in CHECKLIST
    rules = {name: rule["labels"]["severity"] for name, rule in found.items()}
    loud, quiet = CHECKLIST[CHECKLIST.index("Of the alerts") :].split("wake somebody;")
    for severity, text in (("page", loud), ("ticket", quiet)):
        named = set(re.findall(r"`([A-Z]\w+)`", text))
        assert named == {name for name, found in rules.items() if found == severity}
    assert set(re.findall(r"alerts? `([A-Z]\w+)`", CHECKLIST)) <= set(rules)
