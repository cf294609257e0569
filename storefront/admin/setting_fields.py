"""What a setting of `config/shop_table.py` looks like on the settings pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

MOST = 500  # characters of a setting that is typed
MOST_OF_LINES = 4000  # of one with several lines

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting on a page.

    Attributes:
        name: of the setting.
        label: what it is called.
        hint: what it does.
        options: the texts of its values, if it is chosen from a list; a function returns those of the present locale.
        kind: of the text that is typed.
    """

    name: str
    label: str
    hint: str = ""
    options: Options | Callable[[], Options] = field(default_factory=dict)
    kind: Literal["text", "email", "tel", "datetime-local", "lines"] = "text"

    @property
    def choices(self) -> Options:
        """The texts of its values; empty if it is typed."""
        return self.options() if callable(self.options) else self.options


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """Settings that stand together under a heading."""

    label: str
    fields: tuple[SettingField, ...]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SettingPart:
    """A page of settings.

    Attributes:
        slug: the end of its address.
        label: its heading, and its name in the navigation.
        groups: what it has.
    """

    slug: str
    label: str
    groups: tuple[SettingGroup, ...]
