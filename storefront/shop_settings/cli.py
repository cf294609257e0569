"""`flask settings`: the merchant's settings from the command line."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from storefront.config.shop import check_name, variable_of
from storefront.shop_settings import stored_settings
from storefront.shop_settings.stored_settings import DescribedSetting

settings = AppGroup("settings", help="The merchant's settings: name, locale, time zone and others.")


@settings.command("list")
def list_command() -> None:
    """List all settings: value, where it comes from, default, and what it sets."""
    for row in stored_settings.describe_settings():
        click.echo(f"{row.name} = {_show(row.value)}  ({_describe_origin(row)})")
        click.echo(f"    {row.sentence[0].upper()}{row.sentence[1:]}.")
        if row.problem:
            click.echo(f"    The stored value is not used: {row.problem}")


@settings.command("get")
@click.argument("name")
def get_command(name: str) -> None:
    """Print the value of the setting NAME."""
    check_name(name)
    _echo_value(name)


@settings.command("set", context_settings={"ignore_unknown_options": True})  # a negative number
@click.argument("name")
@click.argument("value")
def set_command(name: str, value: str) -> None:
    """Set the setting NAME to VALUE. Pages show it at once."""
    stored_settings.set_value(name, value)
    _echo_value(name)


@settings.command("reset")
@click.argument("name")
def reset_command(name: str) -> None:
    """Go back to the default of the setting NAME."""
    stored_settings.reset_value(name)
    _echo_value(name)


def _echo_value(name: str) -> None:
    [row] = [row for row in stored_settings.describe_settings() if row.name == name]
    click.echo(_show(row.value))


def _describe_origin(row: DescribedSetting) -> str:
    if row.origin == "default":
        return "default"
    origin = f"set by the environment, {variable_of(row.name)}" if row.origin == "environment" else "stored"
    return f"{origin}; default: {_show(row.default)}"


def _show(value: Any) -> str:
    """Return a value as it is typed; "none" for an empty one."""
    return stored_settings.typed(value) or "none"
