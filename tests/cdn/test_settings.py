"""Settings of the edge: each mistake stops the start with one sentence, which never shows the token."""

from __future__ import annotations

from pathlib import Path

import pytest

from storefront.config import Settings
from storefront.errors import ConfigurationError

TOKEN = "secret-for-tests-and-long-enough"
VARNISH = {
    "STOREFRONT_EDGE": "varnish",
    "STOREFRONT_EDGE_URL": "http://127.0.0.1:6081,http://10.0.0.2:6081/",
    "STOREFRONT_EDGE_TOKEN": TOKEN,
}
FASTLY = {
    "STOREFRONT_EDGE": "fastly",
    "STOREFRONT_EDGE_SERVICE": "SU1Z0isxPaozGVKXdv0eY",
    "STOREFRONT_EDGE_TOKEN": TOKEN,
}


def read(tmp_path: Path, given: dict[str, str]) -> Settings:
    return Settings.from_environ({"SECRET_KEY": "k" * 40, **given}, tmp_path)


def test_an_edge_is_read(tmp_path: Path) -> None:
    edge = read(tmp_path, VARNISH).edge
    assert edge is not None
    assert (edge.name, edge.urls) == ("varnish", ("http://127.0.0.1:6081", "http://10.0.0.2:6081"))
    api = {"fastly": "https://api.fastly.com", "bunny": "https://api.bunny.net"}
    for name, url in api.items():
        found = read(tmp_path, {**FASTLY, "STOREFRONT_EDGE": name}).edge
        assert found is not None
        assert (found.urls, TOKEN in repr(found)) == ((url,), False)
    assert read(tmp_path, {}).edge is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"STOREFRONT_EDGE": "akamai"}, "must be one of varnish, fastly, cloudflare, bunny, or not set."),
        ({"STOREFRONT_EDGE_TOKEN": TOKEN}, "STOREFRONT_EDGE is not; set"),
        ({**VARNISH, "STOREFRONT_CACHE": "off"}, "STOREFRONT_CACHE is off"),
        ({**VARNISH, "STOREFRONT_EDGE_TOKEN": ""}, "STOREFRONT_EDGE_TOKEN is not set"),
        ({**VARNISH, "STOREFRONT_EDGE_TOKEN": "short"}, "use 16 to 200 letters"),
        ({**VARNISH, "STOREFRONT_EDGE_URL": ""}, "name each Varnish"),
        ({**VARNISH, "STOREFRONT_EDGE_URL": "127.0.0.1:6081"}, "write each Varnish as http://"),
        ({**VARNISH, "STOREFRONT_EDGE_URL": "http://user:secret@host"}, "write each Varnish as http://"),
        ({**VARNISH, "STOREFRONT_EDGE_URL": "http://host:99999"}, "write each Varnish as http://"),
        ({**VARNISH, "STOREFRONT_EDGE_SERVICE": "x"}, "Varnish has no service"),
        ({**FASTLY, "STOREFRONT_EDGE_SERVICE": ""}, "name the service at fastly"),
        ({**FASTLY, "STOREFRONT_EDGE_SERVICE": "../x"}, "is not the id of a service"),
        ({**FASTLY, "STOREFRONT_EDGE_URL": "https://elsewhere.example"}, "is for tests alone"),
    ],
)
def test_a_mistake_is_named_in_one_sentence(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, given)
    assert sentence in str(raised.value)
    assert TOKEN not in str(raised.value)
