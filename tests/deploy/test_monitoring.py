"""deploy/monitoring uses only metrics, labels and events that the shop exports."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any, get_args

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from storefront.cache.counters import Event
from storefront.ops import metrics, request_figures
from tests.processes import ROOT
from tests.programs import require_program

pytestmark = pytest.mark.any_database

FOLDER = ROOT / "deploy" / "monitoring"
_ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
_SERIES = re.compile(r"(storefront_[a-z_]+)(?:\{([^}]*)\})?")
_GIVEN = {"instance", "job", "le"}  # labels that Prometheus adds


def exported() -> dict[str, set[str]]:
    """Return the labels of each series that the shop exports, by its name."""
    everything = [made for module in (metrics, request_figures) for made in vars(module).values()]
    found = [made for made in everything if issubclass(type(made), MetricWrapperBase)]
    series: dict[str, set[str]] = {}
    for metric in found:
        for family in metric.describe():
            for ending in _ENDINGS[family.type]:
                series[f"{family.name}{ending}"] = {*metric._labelnames}
    assert {f.name for m in found for f in m.describe()} <= {f.name for f in REGISTRY.collect()}
    return series


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
        for rule in group["rules"]
    ]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return found


def test_every_expression_uses_existing_metrics() -> None:
    series = exported()
    targets = [target for panel in panels() for target in panel["targets"]]
    expressions = [rule["expr"] for rule in rules()] + [target["expr"] for target in targets]
    assert len(expressions) > 20
    for expression in expressions:
        for name, matchers in _SERIES.findall(expression):
            assert name in series, expression
            assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= series[name] | _GIVEN, expression
            for events in re.findall(r'event=~?"([^"]+)"', matchers):
                assert set(events.split("|")) <= set(get_args(Event)), expression
        named = {name for name, _ in _SERIES.findall(expression)}
        by = {label for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(", ")}
        assert all(by <= series[name] | _GIVEN for name in named), expression
    asked = {name for expression in expressions for name, _ in _SERIES.findall(expression)}
    assert {name.rpartition("_")[0] for name in series} - {name.rpartition("_")[0] for name in asked} == set()


def test_an_alert_names_an_endpoint_that_exists(app: Any) -> None:
    named = re.findall(r'endpoint!?="([^"]+)"', (FOLDER / "alerts.yml").read_text())
    assert named
    assert set(named) <= set(app.view_functions)


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        assert {"summary", "action"} <= set(rule["annotations"]), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(set(places)) == len(places)


@pytest.mark.needs("promtool")
def test_prometheus_accepts_the_rules_and_they_fire() -> None:
    promtool = require_program("promtool")
    for words in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")):
        ran = subprocess.run([promtool, *words], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tested_silent_and_firing() -> None:
    tests = yaml.safe_load((FOLDER / "alerts.test.yml").read_text())["tests"]
    tried = [(each["alertname"], "exp_alerts" in each) for test in tests for each in test["alert_rule_test"]]
    assert sorted(tried) == sorted((rule["alert"], loud) for rule in rules() for loud in (False, True))
