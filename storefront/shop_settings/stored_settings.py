"""Stores and describes the merchant's settings: the value of each, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storefront.config import ShopSettings
from storefront.config.shop import check_name, read_text, sentence_of, variable_of
from storefront.errors import ConfigurationError, StorefrontError
from storefront.extensions import db, write_transaction
from storefront.shop_settings.current_settings import forget_memo
from storefront.shop_settings.models import ShopSetting

Origin = Literal["environment", "stored", "default"]


class SetByEnvironmentError(StorefrontError):
    """A setting cannot be changed, since an environment variable sets it."""

    status = 409

    def __init__(self, name: str) -> None:
        variable = variable_of(name)
        super().__init__(
            f"{name} is set by the environment ({variable}), which wins. "
            f"Remove {variable} from the environment and restart the shop; then it can be changed here."
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class DescribedSetting:
    """A setting as people see it.

    Attributes:
        name: of the setting.
        value: in force now.
        default: without any change.
        origin: where the value comes from.
        sentence: what it sets.
        problem: why the stored value is not used; empty if there is nothing to say.
    """

    name: str
    value: Any
    default: Any
    origin: Origin
    sentence: str
    problem: str = ""


def describe_settings() -> list[DescribedSetting]:
    """Return all settings in the order of the table, read from the database.

    Raises:
        SQLAlchemyError: the database cannot be read.
    """
    stored = {row.name: row.value for row in db.session.execute(select(ShopSetting.name, ShopSetting.value))}
    given = current_app.config["SHOP_SETTINGS"]
    return [_describe(name, stored, given) for name in ShopSettings.names()]


def set_value(name: str, text: str) -> None:
    """Store the value of a setting; pages show it at once.

    Raises:
        ConfigurationError: there is no such setting, or the value is wrong.
        SetByEnvironmentError: the environment sets it.
    """
    text = text.strip()
    read_text(name, text)
    _refuse_if_given(name)
    try:
        _store(name, text)
    except IntegrityError:  # somebody else has just added the row
        _store(name, text)


def reset_value(name: str) -> None:
    """Go back to the default of a setting.

    Raises:
        ConfigurationError: there is no such setting.
        SetByEnvironmentError: the environment sets it.
    """
    check_name(name)
    _refuse_if_given(name)
    with write_transaction() as session:
        row = session.get(ShopSetting, name)
        if row is not None:
            session.delete(row)
    forget_memo()


def _store(name: str, text: str) -> None:
    with write_transaction() as session:
        row = session.get(ShopSetting, name)
        if row is None:
            session.add(ShopSetting(name=name, value=text))
        else:
            row.value = text
    forget_memo()


def _refuse_if_given(name: str) -> None:
    if name in current_app.config["SHOP_SETTINGS"]:
        raise SetByEnvironmentError(name)


def _describe(name: str, stored: dict[str, str], given: dict[str, Any]) -> DescribedSetting:
    default = getattr(ShopSettings.from_values({}), name)
    sentence = sentence_of(name)
    if name in given:
        return DescribedSetting(name, given[name], default, "environment", sentence)
    if name not in stored:
        return DescribedSetting(name, default, default, "default", sentence)
    try:
        return DescribedSetting(name, read_text(name, stored[name]), default, "stored", sentence)
    except ConfigurationError as error:
        return DescribedSetting(name, default, default, "default", sentence, str(error))
