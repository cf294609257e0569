"""Files that a test cannot start agree with the shop: units, compose, Kubernetes, the image."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from flask import Flask
from werkzeug.serving import make_server

from storefront import languages, redis_roles
from storefront.cache.page_cache import find_policy
from storefront.config import Settings
from storefront.redis_roles import Role
from tests.processes import ROOT
from tests.programs import require_program

pytestmark = pytest.mark.any_database

DEPLOY = ROOT / "deploy"
IMAGE = (DEPLOY / "Dockerfile").read_text()
COMPOSE: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OBJECTS: Any = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "shop.yaml").read_text()))
POD: Any = next(one for one in OBJECTS if one["kind"] == "Deployment")["spec"]["template"]["spec"]
OF_OTHERS = {
    "WEB_CONCURRENCY",
    "PROMETHEUS_MULTIPROC_DIR",
    "FLASK_APP",
    "LISTEN",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
}


def test_every_file_is_short_and_begins_with_its_purpose() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix not in (".md", ".json") and "__pycache__" not in path.parts:
            text = path.read_text()
            assert len(text.splitlines()) <= 200, path
            assert text.startswith(("#", '"""')) or path.parent.parent.name == "nginx", path


def test_nginx_and_varnish_keep_all_public_pages_and_no_others(app: Flask) -> None:
    locations = (DEPLOY / "nginx" / "locations.conf").read_text()
    nginx = [r"^/$", *re.findall(r"^location ~ (\S+) {[^}]*proxy_cache pages;", locations, re.M)]
    [varnish] = re.findall(r'req\.url !~ "([^"]+)"', (DEPLOY / "varnish" / "storefront.vcl").read_text())
    seen = set()
    for rule in app.url_map.iter_rules():
        sample = re.sub(r"<[^>]+>", "x", rule.rule)
        if not languages.is_translated(sample) or "GET" not in (rule.methods or ()):
            continue
        is_public = find_policy(app, rule.endpoint) is not None
        seen.add(is_public)
        for path in (f"{tag}{sample}" for tag in ("", "/de", "/zh-hant")):
            assert any(re.search(each, path) for each in nginx) == is_public, path
            assert bool(re.search(varnish, f"{path}?page=2")) == is_public, path
    assert seen == {True, False}


def test_every_setting_in_the_files_is_one_of_the_shop() -> None:
    unit = (DEPLOY / "systemd" / "storefront@.service").read_text()
    named = {*COMPOSE["services"]["shop-a"]["environment"], *OBJECTS[0]["data"]}
    named |= set(re.findall(r"\b([A-Z_]+)=", "\n".join(re.findall(r"^Environment=(.*)$", unit, re.M))))
    named |= set(re.findall(r"\b([A-Z_]+)=", IMAGE.partition("ENV ")[2].partition("WORKDIR")[0]))
    assert len(named) > 12
    assert named - OF_OTHERS <= set(Settings.names())


def test_the_settings_of_compose_start_a_shop(tmp_path: Path) -> None:
    given = {
        name: re.sub(r"\$\{(\w+):\?\}", "x" * 40, str(value))
        for name, value in COMPOSE["services"]["shop-a"]["environment"].items()
    }
    settings = Settings.from_environ({**given, "STOREFRONT_ENV": "production"}, tmp_path)
    assert settings.trusted_hosts == ["x" * 40]
    assert settings.workers == 2 * int(given["WEB_CONCURRENCY"])


def test_the_compose_file_matches_its_schema(tmp_path: Path) -> None:
    """The schema is that of the Compose specification."""
    slip = tmp_path / "compose.yaml"
    slip.write_text((DEPLOY / "compose.yaml").read_text().replace("healthcheck:", "health_check:", 1))
    look = [str(ROOT / ".venv" / "bin" / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    for file, refused in ((DEPLOY / "compose.yaml", ""), (slip, "health_check")):
        ran = subprocess.run([*look, str(file)], capture_output=True, text=True, check=False)
        assert (ran.returncode == 0) is (not refused), ran.stdout
        assert refused in ran.stdout


@pytest.mark.parametrize("version", ["1.28", kubernetes_validate.latest_version()])
def test_the_kubernetes_manifest_matches_its_schemas(version: str) -> None:
    """The schemas are those of Kubernetes: of the oldest version in use and of the newest."""
    for one in OBJECTS:
        kubernetes_validate.validate(one, version, strict=True)
    slip = copy.deepcopy(OBJECTS[1])
    slip["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(slip, version, strict=True)


def test_compose_services_have_health_checks_and_their_mounts() -> None:
    for name, service in COMPOSE["services"].items():
        assert "healthcheck" in service or ("HEALTHCHECK" in IMAGE and service["image"] == "storefront"), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith("./") or (DEPLOY / source).exists(), volume
        for needed in service.get("depends_on", {}):
            assert needed in COMPOSE["services"]
    for needs in (COMPOSE["services"]["shop-a"]["depends_on"], COMPOSE["services"]["nginx"]["depends_on"]):
        assert {how["condition"] for how in needs.values()} <= {
            "service_healthy",
            "service_completed_successfully",
        }


def test_ports_are_the_same_everywhere() -> None:
    upstream = (DEPLOY / "nginx" / "container" / "upstream.conf.template").read_text()
    assert set(re.findall(r"server ([\w-]+):(\d+)", upstream)) == {("shop-a", "8000"), ("shop-b", "8000")}
    assert "0.0.0.0:8000" in IMAGE
    assert POD["containers"][0]["ports"][0]["containerPort"] == 8000
    for role, port in (("cache", "6379"), ("state", "6380")):
        assert f"\nport {port}\n" in (DEPLOY / "redis" / f"{role}.conf").read_text()
        assert port in COMPOSE["services"][f"redis-{role}"]["healthcheck"]["test"]


def test_the_containers_nginx_files_match_those_of_a_host() -> None:
    site, container = DEPLOY / "nginx" / "site", DEPLOY / "nginx" / "container"
    assert {p.stem for p in site.iterdir()} == {
        p.name.removesuffix(".conf.template") for p in container.iterdir()
    }
    words = re.compile(r"^\s*([a-z_]+)", re.M)
    for path in site.iterdir():
        twin = container / f"{path.name}.template"
        assert words.findall(path.read_text()) == words.findall(twin.read_text()), path.name


def test_probes_request_existing_pages(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = OBJECTS[0]["data"]["TRUSTED_HOSTS"].split(",")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = POD["containers"][0][probe]["httpGet"]
        named = {header["name"]: header["value"] for header in asked["httpHeaders"]}
        assert app.test_client().get(asked["path"], headers=named).status_code == 200
        assert app.test_client().get(asked["path"], headers={"Host": "10.0.0.7:8000"}).status_code == 400
    (hosts,) = (one["value"] for one in POD["containers"][0]["env"] if one["name"] == "TRUSTED_HOSTS")
    app.config["TRUSTED_HOSTS"] = hosts.replace("$(POD_IP)", "10.0.0.7").split(",")
    assert app.config["TRUSTED_HOSTS"][0] == OBJECTS[0]["data"]["TRUSTED_HOSTS"]
    deployment = next(one for one in OBJECTS if one["kind"] == "Deployment")["spec"]["template"]["metadata"]
    app.config["ENV"] = "production"
    scraped = deployment["annotations"]["prometheus.io/path"]
    assert app.test_client().get(scraped, headers={"Host": "10.0.0.7:8000"}).status_code == 200
    redis_roles.get_client(Role.CACHE).close()


def test_kubernetes_never_stops_all_pods_and_gives_them_time() -> None:
    deployment = next(one for one in OBJECTS if one["kind"] == "Deployment")["spec"]
    budget = next(one for one in OBJECTS if one["kind"] == "PodDisruptionBudget")["spec"]
    assert 1 <= budget["minAvailable"] < deployment["replicas"]
    for one in (budget["selector"], deployment["selector"]):
        assert one["matchLabels"] == deployment["template"]["metadata"]["labels"]
    pause = int(POD["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    graceful = int(
        re.findall(r"^graceful_timeout = (\d+)", (DEPLOY / "gunicorn.conf.py").read_text(), re.M)[0]
    )
    assert POD["terminationGracePeriodSeconds"] > pause + graceful
    assert int(COMPOSE["services"]["shop-a"]["stop_grace_period"].rstrip("s")) > graceful
    data = OBJECTS[0]["data"]
    assert int(data["STOREFRONT_WORKERS"]) == deployment["replicas"] * int(data["WEB_CONCURRENCY"])


def test_the_image_contains_everything_that_the_shop_reads() -> None:
    copied = [shlex.split(line)[1:-1] for line in IMAGE.splitlines() if line.startswith("COPY")]
    names = {name for names in copied for name in names}
    assert all((ROOT / name).exists() for name in names)
    assert {"requirements.txt", "wsgi.py", "storefront", "templates", "static", "migrations"} <= names
    assert "--require-hashes" in IMAGE
    assert "\nUSER " in IMAGE


def test_the_images_health_check_uses_a_trusted_host(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["shop.example"]
    (written,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*?\])$", IMAGE, re.M | re.S)
    server = make_server("127.0.0.1", 0, app)
    threading.Thread(target=server.serve_forever).start()
    code = json.loads(written.replace("\\\n", ""))[2].replace("8000", str(server.port))
    try:
        for hosts, well in (("shop.example,www.shop.example", True), ("evil.example", False)):
            ran = subprocess.run(
                [sys.executable, "-c", code], env={"TRUSTED_HOSTS": hosts}, capture_output=True
            )
            assert (ran.returncode == 0) is well, ran.stderr
    finally:
        server.shutdown()


@pytest.mark.needs("systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "storefront@.service").read_text()
    # Replace programs that are not installed here; check everything else as it is.
    unit = tmp_path / "storefront@8000.service"
    unit.write_text(
        text.replace("/opt/storefront/.venv/bin/gunicorn", "/bin/true").replace(
            "WorkingDirectory=/opt/storefront", "WorkingDirectory=/"
        )
    )
    ran = subprocess.run(
        [require_program("systemd-analyze"), "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in ran.stderr.splitlines() if "storefront@" in line]
    assert complaints == []
