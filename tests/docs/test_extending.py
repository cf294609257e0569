"""docs/extending.md: its plugin is installed, runs, and fails alone; what plugins may rely on is what it lists."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront import periodic, plugins
from storefront.checkout.models import Order
from storefront.checkout.shipping import mark_shipped
from storefront.errors import ConfigurationError
from storefront.extensions import db, write_transaction
from storefront.ops import doctor, schema
from storefront.plugins import installed
from storefront.plugins.installed import installed_plugins
from storefront.web.template_slots import SLOTS
from tests.accounts.people import staff_browser
from tests.checkout.shoppers import make_draft, place
from tests.conftest import make_app
from tests.factories import make_product
from tests.processes import ROOT, eventually

PAGE = (ROOT / "docs" / "extending.md").read_text()
FILE = re.compile(r"^Create `([\w./]+)`:\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INSTALL = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory into which pip has installed the plugin of the document."""
    source, target = tmp_path_factory.mktemp("plugin"), tmp_path_factory.mktemp("packages")
    for name, content in FILE.findall(PAGE):
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    subprocess.run([sys.executable, *INSTALL, target, source], check=True)
    return target


@pytest.fixture
def package(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it that this process can import."""
    copy = tmp_path / "packages"
    shutil.copytree(packages, copy)
    monkeypatch.syspath_prepend(copy)
    invalidate_caches()
    installed._find_entry_points.cache_clear()
    yield copy / "cash_on_delivery"
    installed._find_entry_points.cache_clear()
    sys.modules.pop("cash_on_delivery", None)
    for table in [table for name, table in db.metadata.tables.items() if name.startswith("cash_on_delivery")]:
        db.metadata.remove(table)


def version(office: Any) -> str:
    """Return the version of the settings that the form in the office shows."""
    [found] = re.findall(r'name="seen" value="(\w+)"', office.get("/admin/plugins").get_data(as_text=True))
    return str(found)


def restarted(app: Flask, **settings: str) -> Flask:
    """Return the shop as another process starts it."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    return make_app(url, Path(app.instance_path), REDIS_URL=app.config["REDIS_URL"], **settings)


@pytest.mark.any_database
def test_plugin_of_the_document_takes_its_places(app: Flask, package: Path) -> None:
    make_product(variants=[{"sku": "TEAPOT-1", "on_hand": 3}])
    shop = restarted(app)
    with shop.app_context():
        assert [(one.name, one.problem) for one in installed_plugins(shop)] == [("cash_on_delivery", "")]
        schema.set_up_hook.fire()
        schema.set_up_hook.fire()  # a second set-up changes nothing
        assert "cash_on_delivery" in " ".join(one.sentence for one in doctor.examine(None))
        office = staff_browser(shop)
        assert "/admin/cash-on-delivery" in office.get("/admin").get_data(as_text=True)
        assert shop.test_client().get("/admin/cash-on-delivery").status_code == 303
        number = place(make_draft({"TEAPOT-1": 1}, payment="cash_on_delivery")).number
        page = office.get(f"/admin/orders/{number}")
        assert "Cash on delivery" in page.get_data(as_text=True)
        note = "The driver takes cash and cards."
        changed = office.post("/admin/plugins/cash_on_delivery", note=note, seen=version(office))
        assert changed.status_code == 303
        stale = office.post("/admin/plugins/cash_on_delivery", note="late", seen="of another")
        assert (stale.status_code, "late" in stale.get_data(as_text=True)) == (409, True)
        assert plugins.read_settings(installed_plugins(shop)[0].plugin)["note"] == note
        with write_transaction() as session:
            mark_shipped(session, number)
        assert number in office.get("/admin/cash-on-delivery").get_data(as_text=True)


@pytest.mark.any_database
def test_limits_and_tasks_of_a_plugin_take_their_places(app: Flask, package: Path) -> None:
    code = package / "__init__.py"
    code.write_text(code.read_text().replace("interval=3600", "interval=1"))
    make_product(variants=[{"sku": "TEAPOT-1", "on_hand": 3}])
    shop = restarted(app, STOREFRONT_LIMIT_CASH_ON_DELIVERY_BROUGHT="1/hour")
    with shop.app_context():
        assert [one.problem for one in installed_plugins(shop)] == [""]
        schema.set_up_hook.fire()
        number = place(make_draft({"TEAPOT-1": 1}, payment="cash_on_delivery")).number
        with write_transaction() as session:
            mark_shipped(session, number)
        office, brought = staff_browser(shop), "/admin/cash-on-delivery/brought"
        answer = office.post(brought, number=number)
        assert answer.status_code == 303
        assert answer.headers["RateLimit-Policy"] == '"cash_on_delivery.brought";q=1;w=3600'
        assert office.post(brought, number=number).status_code == 429
        assert office.get("/admin/cash-on-delivery").status_code == 200, "that is under another limit"
        assert number in office.get("/admin/cash-on-delivery").get_data(as_text=True)
        periodic.start_tasks(shop, "cash_on_delivery-forgetting")
        try:
            page = "/admin/cash-on-delivery"
            assert eventually(lambda: number not in office.get(page).get_data(as_text=True))
        finally:
            periodic.stop_tasks(shop, "cash_on_delivery-forgetting")


def test_setting_of_a_missing_limit_switches_off_the_plugin(app: Flask, package: Path) -> None:
    shop = restarted(app, STOREFRONT_LIMIT_CASH_ON_DELIVERY_NOTHING="1/hour")
    [one] = installed_plugins(shop)
    assert "STOREFRONT_LIMIT_CASH_ON_DELIVERY_NOTHING names no rate limit" in one.problem
    assert shop.test_client().get("/products").status_code == 200
    with pytest.raises(ConfigurationError, match="names no rate limit"):
        restarted(app, STOREFRONT_LIMIT_NOTHING="1/hour")


@pytest.mark.any_database
def test_handler_that_fails_costs_no_order(app: Flask, package: Path) -> None:
    make_product(variants=[{"sku": "TEAPOT-1", "on_hand": 3}])
    shop = restarted(app)  # without the set-up: the plugin's table is missing
    with shop.app_context():
        number = place(make_draft({"TEAPOT-1": 1}, payment="cash_on_delivery")).number
        with write_transaction() as session:
            mark_shipped(session, number)
        assert db.session.scalars(db.select(Order.state).where(Order.number == number)).one() == "shipped"


@pytest.mark.any_database
def test_slot_of_a_plugin_is_on_its_page(app: Flask, package: Path) -> None:
    make_product(variants=[{"sku": "TEAPOT-1", "on_hand": 3}])
    client = restarted(app).test_client()
    client.post("/cart/lines", data={"sku": "TEAPOT-1", "quantity": "1"})
    assert "You can pay in cash on delivery." in client.get("/cart").get_data(as_text=True)
    (package / "templates" / "cash_on_delivery" / "hint.html").write_text("{{ nothing.here }}")
    broken = restarted(app).test_client()
    broken.post("/cart/lines", data={"sku": "TEAPOT-1", "quantity": "1"})
    page = broken.get("/cart")
    assert page.status_code == 200
    assert "cash on delivery" not in page.get_data(as_text=True)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("raise RuntimeError('no licence')", "no licence"),
        ("plugin = 3", "is not a storefront.plugins.Plugin"),
        ("plugin.slots['nowhere'] = 'a.html'", "no slot nowhere"),
        ("del expected.permission", "no permission_required"),
        ("plugin.policies[0] = create_policy('browse', '1/hour')", "begin with cash_on_delivery."),
        ("plugin.policies.clear()", "under the rate limit cash_on_delivery.brought, which is missing"),
        ("plugin.tasks[0] = PluginTask(name='often', work=print, interval=0)", "less than a second"),
        ("plugin.tasks.append(plugin.tasks[0])", "two have the same one"),
    ],
)
def test_plugin_with_a_mistake_is_switched_off_alone(app: Flask, package: Path, wrong: str, why: str) -> None:
    code = package / "__init__.py"
    code.write_text(f"{code.read_text()}\n{wrong}\n")
    shop = restarted(app)
    [one] = installed_plugins(shop)
    assert why in one.problem
    assert "cash_on_delivery" not in shop.blueprints
    assert shop.test_client().get("/products").status_code == 200
    with shop.app_context():
        assert why in " ".join(one.sentence for one in doctor.examine(None))
        to_do = staff_browser(shop).get("/admin").get_data(as_text=True).partition("Needs your attention")[2]
    assert "The plugin “cash_on_delivery” is switched off" in to_do
    assert '<a href="/admin/plugins">' in to_do


def test_what_plugins_may_rely_on_is_listed() -> None:
    listed = PAGE[PAGE.index("## What plugins may rely on") :]
    named = set(re.findall(r"`(\w+)`", listed.partition("`layouts/")[0])) - {"Plugin"}
    assert named | {"Plugin"} == (set(plugins.__all__) - {"init_app"}) | {"storefront"} & named
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", listed.partition("| slot |")[2], re.MULTILINE))
    assert rows == dict(SLOTS)
