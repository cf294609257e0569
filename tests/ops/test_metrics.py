"""/metrics: what Prometheus reads, for those near enough to ask."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.factories import make_product


def test_what_the_cache_and_redis_did_is_told(client: FlaskClient) -> None:
    product = make_product()
    for _ in range(3):
        client.get(f"/products/{product.slug}")
    told = client.get("/metrics").text
    for line in (
        'storefront_cache_events_total{event="hit_shared",kind="product_detail"}',
        'storefront_redis_calls_total{result="answered",role="cache"}',
        'storefront_request_seconds_count{endpoint="catalog.product",status="2xx"}',
        "storefront_stock_streams 0.0",
        "storefront_outbox_waiting",
    ):
        assert line in told, line


def test_strangers_are_told_nothing(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "8.8.8.8"}).status_code == 404
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.1.2.3"}).status_code == 200
