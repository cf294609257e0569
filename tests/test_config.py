"""Settings have safe defaults; each wrong value gets an error that says how to fix it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from storefront.config import Settings
from storefront.errors import ConfigurationError

PRODUCTION = {"STOREFRONT_ENV": "production", "SECRET_KEY": "k" * 32, "TRUSTED_HOSTS": "shop.example"}


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environ(environ, tmp_path)


def test_a_laptop_needs_no_settings(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'storefront.sqlite3'}"
    assert settings.redis_url is None


def test_the_generated_secret_is_private_and_stable(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {key.secret_key for key in pool.map(lambda _: read(tmp_path), range(16))}
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"STOREFRONT_ENV": "production"}, "TRUSTED_HOSTS is not set"),
        (PRODUCTION | {"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        (PRODUCTION | {"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
        (PRODUCTION | {"STOREFRONT_LIMITS": "off"}, "STOREFRONT_LIMITS"),
        ({"STOREFRONT_ENV": "prod"}, "must be one of development, production, testing"),
        ({"STOREFRONT_CURENCY": "EUR"}, "Did you mean STOREFRONT_CURRENCY"),
        ({"STOREFRONT_CURRENCY": "EURO"}, "ISO 4217"),
        ({"STOREFRONT_LOCALE": "xx_nowhere"}, "use a locale such as en_US"),
        ({"STOREFRONT_TIMEZONE": "berlin"}, "Did you mean Europe/Berlin?"),
        ({"STOREFRONT_TIMEZONE": "Arctic"}, "Did you mean Arctic/Longyearbyen?"),
        ({"STOREFRONT_TIMEZONE": "europe"}, "Did you mean Europe/Amsterdam, Europe/Andorra"),
        ({"STOREFRONT_NAME": "Pots\nand pans"}, "use one line of up to 200 characters"),
        ({"STOREFRONT_ORDER_EMAIL": "me"}, "STOREFRONT_ORDER_EMAIL is 'me'; give the bare address"),
        ({"STOREFRONT_STOCK_DISPLAY": "all"}, "must be one of low, band, exact"),
        ({"TRUSTED_PROXIES": "-1"}, "whole number from 0 to 10"),
        ({"TRUSTED_PROXIES": "two"}, "whole number from 0 to 10"),
        ({"DATABASE_URL": "mysql://localhost/shop"}, "DATABASE_URL begins with 'mysql'"),
        ({"STOREFRONT_SECURITY_CONTACT": "me@shop.example"}, "mailto:security@shop.example"),
        ({"STOREFRONT_SECURITY_CONTACT": "mailto:a@b\nX: y"}, "mailto:security@shop.example"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL has no ://"),
        ({"DATABASE_URL": "postgresql://host:port/shop"}, "DATABASE_URL is not a valid URL"),
        ({"DATABASE_URL": "postgresql://shop@one:5432,two:port/shop"}, "several servers as"),
        *(
            (
                {"DATABASE_URL": f"sqlite:////shop.sqlite3?timeout={wrong}"},
                "number of seconds above 0 and up to 60",
            )
            for wrong in ("soon", "0", "-1", "61", "nan", "1&timeout=2")
        ),
        ({"STOREFRONT_SMTP_URL": "smtp://host:65536"}, "STOREFRONT_SMTP_URL is not a valid URL"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_an_error(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        read(tmp_path, **environ)


def test_production_hides_values_in_database_errors(tmp_path: Path) -> None:
    hidden = {
        env: read(tmp_path, **PRODUCTION | {"STOREFRONT_ENV": env}).to_flask()
        for env in ("production", "development")
    }
    assert hidden["production"]["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True
    assert hidden["development"]["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is False
    engine = create_engine("sqlite://", **hidden["production"]["SQLALCHEMY_ENGINE_OPTIONS"])
    with engine.connect() as connection, pytest.raises(OperationalError) as caught:
        connection.execute(text("SELECT 1 FROM nowhere WHERE email = :email"), {"email": "kim@shop.example"})
    assert "nowhere" in str(caught.value)
    assert "kim" not in str(caught.value)


def test_every_setting_is_documented() -> None:
    documented = (Path(__file__).parent.parent / "docs" / "settings.md").read_text()
    for name in Settings.names():
        assert f"`{name}`" in documented, name


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://shop:secret@one:5432,two:5433/shop", "one,two", "5432,5433"),
        ("postgres://shop@one,two:5433/shop?sslmode=require", "one,two", ",5433"),
        ("postgresql://shop@10.0.0.1:5432,[fd00::1]:5432/shop", "10.0.0.1,fd00::1", "5432,5432"),
    ],
)
def test_database_url_may_name_several_servers(tmp_path: Path, url: str, host: str, port: str) -> None:
    found = make_url(read(tmp_path, DATABASE_URL=url).database_url)
    _, options = found.get_dialect()().create_connect_args(found)
    assert (options["host"], options["port"], options["dbname"]) == (host, port, "shop")
    assert options["target_session_attrs"] == "read-write"
