"""Stores and describes the merchant's settings: the value of each, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.app_state import Hook
from storefront.config import ShopSettings
from storefront.config.shop import check_name, read_text, sentence_of, variable_of
from storefront.errors import ConfigurationError, StorefrontError
from storefront.extensions import db, write_transaction
from storefront.history.recording import note_value
from storefront.i18n import gettext as _
from storefront.shop_settings.current_settings import forget_memo
from storefront.shop_settings.models import ShopSetting

_PRIVATE = frozenset(("order_email", "contact_email", "contact_phone"))
Origin = Literal["environment", "stored", "default"]


class SettingRefusedError(StorefrontError):
    """A room does not allow a value of a setting now; the text says why.

    Attributes:
        name: of the setting.
    """

    status = 409

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


# Fired in the transaction, before a setting gets a value: its name and the new value. A handler may raise
# SettingRefusedError, or change what depends on the setting.
before_change = Hook[[Session, str, Any], None]("shop_settings.before_change")


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


class SettingsChangedError(StorefrontError):
    """Somebody else has changed a setting since the form of it was made.

    Attributes:
        names: the settings.
    """

    status = 409

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            _("Somebody else has changed this meanwhile. Nothing was saved: compare, then save again.")
        )
        self.names = names


@dataclass(frozen=True, slots=True)
class Change:
    """A new value of a setting, as people type it.

    Attributes:
        seen: the text that its author saw.
        text: the new text; empty to go back to the default.
    """

    seen: str
    text: str


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

    @property
    def text(self) -> str:
        """The value in force as people type it; empty for an empty one."""
        return typed(self.value)


def describe_settings() -> list[DescribedSetting]:
    """Return all settings in the order of the table, read from the database.

    Raises:
        SQLAlchemyError: the database cannot be read.
    """
    stored = {row.name: row.value for row in db.session.execute(select(ShopSetting.name, ShopSetting.value))}
    given = current_app.config["SHOP_SETTINGS"]
    return [_describe(name, stored, given) for name in ShopSettings.names()]


def typed(value: Any) -> str:
    """Return a value of a setting as people type it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def change_values(changes: Mapping[str, Change]) -> None:
    """Store new values by the settings' names, all or none; pages show them at once.

    Raises:
        ConfigurationError: there is no such setting, or a value is wrong.
        SetByEnvironmentError: the environment sets one of them.
        SettingsChangedError: somebody else has changed one of them to something else.
        SettingRefusedError: a room does not allow one of the values now.
    """
    for name, change in changes.items():
        check_name(name)
        if change.text:
            read_text(name, change.text)
        _refuse_if_given(name)
    _store({name: change.text for name, change in changes.items()}, changes)


def set_value(name: str, text: str) -> None:
    """Store the value of a setting; pages show it at once.

    Raises:
        ConfigurationError: there is no such setting, or the value is wrong.
        SetByEnvironmentError: the environment sets it.
    """
    text = text.strip()
    read_text(name, text)
    _refuse_if_given(name)
    _store({name: text})


def reset_value(name: str) -> None:
    """Go back to the default of a setting.

    Raises:
        ConfigurationError: there is no such setting.
        SetByEnvironmentError: the environment sets it.
    """
    check_name(name)
    _refuse_if_given(name)
    _store({name: ""})


def _store(texts: Mapping[str, str], changes: Mapping[str, Change] = {}) -> None:
    """Store texts by the settings' names, unless somebody else has changed what the authors of the changes saw."""
    try:
        _write_all(texts, changes)
    except IntegrityError:  # somebody else has just added a row
        _write_all(texts, changes)
    forget_memo()


def _write_all(texts: Mapping[str, str], changes: Mapping[str, Change]) -> None:
    with write_transaction() as session:
        if changes:
            session.execute(select(ShopSetting.name).with_for_update()).all()
            _refuse_changed(changes)
        for name, text in texts.items():
            _write(session, name, text)


def _refuse_changed(changes: Mapping[str, Change]) -> None:
    now = {each.name: each.text for each in describe_settings()}
    others = [name for name, change in changes.items() if now[name] not in (change.seen, change.text)]
    if others:
        raise SettingsChangedError(others)


def _write(session: Session, name: str, text: str) -> None:
    """Store the text of a setting; an empty one removes the row, so that the default holds."""
    value = read_text(name, text) if text else getattr(ShopSettings.from_values({}), name)
    before_change.fire(session, name, value)
    row = session.get(ShopSetting, name)
    _note_change(session, name, row, value)
    if row is None and text:
        session.add(ShopSetting(name=name, value=text))
    elif row is not None and text:
        row.value = text
    elif row is not None:
        session.delete(row)


def _note_change(session: Session, name: str, row: ShopSetting | None, value: Any) -> None:
    """Have the history record old and new value, but of the addresses of people only that they were changed."""
    old = row.value if row is not None else typed(getattr(ShopSettings.from_values({}), name))
    new = typed(value)
    if name in _PRIVATE and old != new:
        old, new = "", _("not recorded")
    note_value(session, "shop_setting", name, old, new)


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
