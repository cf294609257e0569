"""Cross-site request forgery: which requests may change something, by the headers that browsers send."""

from __future__ import annotations

import pytest
from flask import Flask

pytestmark = pytest.mark.any_database

OWN = "http://localhost"


@pytest.fixture
def posting(app: Flask) -> Flask:
    @app.post("/change")
    def change() -> str:
        return "changed"

    return app


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": OWN}, 200),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Cookie": "a=b"}, 403),
        ({"Cookie": "a=b", "Origin": OWN}, 200),
        ({"Cookie": "a=b", "Authorization": "Bearer x"}, 403),  # only the API accepts tokens
        ({}, 200),
    ],
)
def test_only_same_origin_requests_may_change_something(
    posting: Flask, headers: dict[str, str], status: int
) -> None:
    # The client's own cookie jar would replace the header.
    client = posting.test_client(use_cookies="Cookie" not in headers)
    answer = client.post("/change", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert "from another site" in answer.text


def test_cross_site_get_is_allowed(app: Flask) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Cookie": "a=b"}
    assert app.test_client().get("/", headers=foreign).status_code == 200
