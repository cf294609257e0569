"""The live stream works in a Flask app that has nothing else of the shop."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storefront.redis_roles import embedded
from tests.processes import ROOT

pytestmark = pytest.mark.any_database

SHOP = {"shop_settings", "cache", "stock", "catalog", "cart", "checkout", "accounts", "ops", "edge", "app"}


def test_a_stream_needs_no_other_room_of_the_shop(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.live.in_any_app", embedded.acquire_server(tmp_path), str(tmp_path)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    first, _, rooms = ran.stdout.partition("rooms: ")
    assert ran.returncode == 0, ran.stderr
    assert 'data: {"items":[{"topic":7,"version":1,"goals":0}]' in first
    assert "live" in rooms.split()
    assert not SHOP & set(rooms.split())
