"""The settings of plugins: one document of the shop's settings for each plugin, read and changed like the others."""

from __future__ import annotations

import json
from collections.abc import Mapping

from storefront.plugins.plugin import Plugin
from storefront.shop_settings.current_settings import current_documents
from storefront.shop_settings.stored_documents import as_text, change_document, version_of


def read_settings(plugin: Plugin) -> dict[str, str]:
    """Return the plugin's settings by name, as they are now. What is being built depends on them from now on."""
    stored = json.loads(current_documents().get(_document(plugin), "{}"))
    return {each.name: str(stored.get(each.name, each.default)) for each in plugin.settings}


def settings_version(plugin: Plugin) -> str:
    """Return the short text by which a form says which settings its author saw."""
    return version_of(current_documents().get(_document(plugin), ""))


def change_settings(plugin: Plugin, values: Mapping[str, str], *, seen: str) -> None:
    """Store the settings of a plugin; values that the form lacks stay.

    Raises:
        SettingsChangedError: somebody else has changed them since this version.
    """
    change_document(_document(plugin), as_text(read_settings(plugin) | dict(values)), seen=seen)


def _document(plugin: Plugin) -> str:
    return f"plugin.{plugin.name}"
