"""/.well-known/security.txt as RFC 9116 specifies it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import make_app


def test_security_txt_names_contact_and_expiry(tmp_path: Path) -> None:
    environ = {"STOREFRONT_SECURITY_CONTACT": "mailto:security@shop.example", "TRUSTED_HOSTS": "shop.example"}
    client = make_app("sqlite://", tmp_path, **environ).test_client()
    answer = client.get("/.well-known/security.txt", base_url="https://shop.example")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@shop.example"
    assert fields["Canonical"] == "https://shop.example/.well-known/security.txt"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=90) < left < timedelta(days=365)


def test_security_txt_is_missing_without_a_contact(tmp_path: Path) -> None:
    client = make_app("sqlite://", tmp_path).test_client()
    assert client.get("/.well-known/security.txt").status_code == 404
