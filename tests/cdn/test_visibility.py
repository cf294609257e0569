"""What operators see of the edge: on the cache's page, in the doctor's findings, in metrics, in headers of pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.cache.edge_fields import EDGE_FIELDS
from storefront.cdn import sender
from storefront.cdn.models import EdgePurge
from storefront.extensions import db, write_transaction
from storefront.ops.doctor import edge_purges as doctor
from storefront.ops.doctor.finding import Level
from tests.accounts.people import sign_in_as_staff
from tests.cache.conftest import get
from tests.cdn.conftest import MakeShop
from tests.cdn.provider_server import Provider
from tests.cdn.test_purges import invalidate
from tests.factories import make_product

pytestmark = pytest.mark.any_database
CONTROL = {
    "varnish": "Surrogate-Control",
    "fastly": "Surrogate-Control",
    "cloudflare": "Cloudflare-CDN-Cache-Control",
}


def wait_for_an_hour(app: Flask, edge: Provider) -> None:
    edge.fault = "500"
    invalidate("product:1")
    sender.sender_of.get(app).send_due()
    with write_transaction() as session:
        session.execute(update(EdgePurge).values(created_at=datetime.now(UTC) - timedelta(hours=1)))
    db.session.rollback()


def test_the_dashboard_shows_what_waits_and_why(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    wait_for_an_hour(app, edge)
    page = sign_in_as_staff(app.test_client()).get("/admin/system/cache").text
    assert "Edge: <bdi>fastly</bdi>" in page
    assert "answered 500." in page
    assert edge.url in page


def test_metrics_count_what_waits(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    wait_for_an_hour(app, edge)
    text = sign_in_as_staff(app.test_client()).get("/metrics").text
    assert re.search(r"^storefront_edge_waiting [1-9]", text, re.MULTILINE)
    assert 'storefront_edge_purges_total{result="failed"}' in text


@pytest.mark.parametrize(
    ("fault", "token", "sentence"),
    [
        ("500", "", "answered 500. Check STOREFRONT_EDGE_SERVICE"),
        ("cut", "", "cannot be reached"),
        ("", "a-token-that-is-wrong", "refuses the purge (401). Check STOREFRONT_EDGE_TOKEN"),
    ],
)
def test_the_doctor_says_what_to_correct(
    make_shop: MakeShop, edge: Provider, fault: str, token: str, sentence: str
) -> None:
    make_shop(**({"token": token} if token else {}))
    edge.fault = fault
    [finding] = doctor.check()
    assert (finding.level, sentence in finding.sentence) == (Level.WRONG, True), finding.sentence


def test_the_doctor_names_a_backlog(make_shop: MakeShop, edge: Provider) -> None:
    app = make_shop()
    [finding] = doctor.check()
    assert finding.level == Level.OK
    wait_for_an_hour(app, edge)
    late = list(doctor.check())[-1]
    assert (late.level, "1 purges wait" in late.sentence) == (Level.WARN, True)


@pytest.mark.parametrize("name", ["fastly", "cloudflare", "bunny"])
def test_a_day_is_given_only_in_the_field_of_the_edge(make_shop: MakeShop, name: str) -> None:
    app = make_shop(name)
    slug = make_product("Mug").slug
    for _ in range(2):  # built, then cached
        headers = get(app.test_client(), f"/products/{slug}").headers
        long_lived = {field for field, value in headers if "max-age=86400" in value}
        assert long_lived == ({CONTROL[name]} if name in CONTROL else set())
        assert "everything" in headers[EDGE_FIELDS[name].tags].replace(",", " ").split()
    missing = get(app.test_client(), "/products/none").headers
    assert CONTROL.get(name) is None or missing[CONTROL[name]].startswith("max-age=60,")


def test_a_page_with_too_many_tags_stays_for_a_second() -> None:
    """Purges could not find it."""
    bunny = EDGE_FIELDS["bunny"]
    assert bunny.format_tags(tuple(f"card:{number}" for number in range(90))) is not None
    assert bunny.format_tags(tuple(f"card:{number}" for number in range(1090))) is None
