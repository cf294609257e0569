"""A theme: templates and static files in `instance/theme/` that are laid over the shop's own (docs/extending.md).

A file of the theme answers in place of the shop's file of the same name. A template of the theme that cannot be used
is switched off with a sentence; the shop's own is used, and everything else goes on. If a page cannot be rendered
with the theme but can be without it, the process goes on without its templates. Processes read a theme when they
start; the build's fingerprint contains it, so no page of an earlier theme is shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.meta import find_referenced_templates

from storefront.app_state import AppState
from storefront.pauses import PausingTemplate

log = logging.getLogger(__name__)
# What a mistake in a template raises when a page is rendered; not the failures of a database.
_MISTAKES = (TemplateError, TypeError, AttributeError, KeyError, ValueError)

OWN = "shop"
"""`{% extends "shop:catalog/product.html" %}` names the shop's own template, below the theme's of the same name."""


@dataclass(slots=True)
class Theme:
    """The theme of an installation; a folder that does not exist is an empty theme.

    Attributes:
        folder: `instance/theme`.
        off: names of templates that are not used.
        problems: a sentence for each thing of the theme that is not used.
    """

    folder: Path
    off: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @property
    def templates(self) -> Path:
        """The folder of templates."""
        return self.folder / "templates"

    @property
    def static(self) -> Path:
        """The folder of static files."""
        return self.folder / "static"

    def names(self) -> list[str]:
        """Return the names of its templates."""
        folder = self.templates
        return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html"))]

    def refuse(self, name: str, why: str) -> None:
        """Note that a file of the theme is not used."""
        sentence = f"theme/{name} is not used, the shop’s own is: {why}"
        self.problems.append(sentence)
        log.error("%s", sentence)


_theme = AppState[Theme]("theme")


def current_theme(app: Flask) -> Theme:
    """Return the theme of the application."""
    return _theme.get(app)


def theme_folder(app: Flask) -> Path:
    """Return the folder in which an installation's theme is, if it has one."""
    return Path(app.instance_path) / "theme"


class _ThemeLoader(FileSystemLoader):
    """The theme's templates, except those that are switched off."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme.templates)
        self._off = theme.off

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template in self._off:
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


class _ThemedTemplate(PausingTemplate):
    """A template that is rendered without the theme if it cannot be rendered with it."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        try:
            return super().render(*args, **kwargs)
        except _MISTAKES as error:
            theme, name = _theme.find(current_app), str(self.name)
            before = set(theme.off) if theme else set()
            if theme is None or before >= (names := set(theme.names())):
                raise
            _switch_off(self.environment, theme, names)
            try:
                text = self.environment.get_template(name).render(*args, **kwargs)
            except _MISTAKES:
                _switch_off(self.environment, theme, before)  # the theme is not the cause
                raise error from None
            theme.refuse("templates", f"{name} cannot be rendered with it: {type(error).__name__}: {error}.")
            return text


def _switch_off(environment: Environment, theme: Theme, names: set[str]) -> None:
    theme.off.clear()
    theme.off.update(names)
    if environment.cache is not None:
        environment.cache.clear()


def init_app(app: Flask) -> None:
    """Look for templates in the theme first. Call it before anything is rendered."""
    theme = Theme(theme_folder(app))
    _theme.set(app, theme)
    own = FileSystemLoader(Path(app.root_path) / str(app.template_folder))
    if theme.templates.is_dir():
        app.jinja_env.template_class = _ThemedTemplate
    app.jinja_loader = ChoiceLoader([_ThemeLoader(theme), own, PrefixLoader({OWN: own}, delimiter=":")])


def check_templates(app: Flask) -> None:
    """Switch off the theme's templates that cannot be compiled, or that name a template which does not exist.

    Call it when all filters and functions of templates have been registered.
    """
    theme = current_theme(app)
    names = theme.names()
    refused = True
    while refused:  # a template that names one which has just been switched off may be unusable now
        refused = False
        for name in names:
            if name not in theme.off and (why := _find_fault(app.jinja_env, theme.templates / name, name)):
                theme.refuse(f"templates/{name}", why)
                theme.off.add(name)
                refused = True


def _find_fault(environment: Environment, file: Path, name: str) -> str:
    """Return what is wrong with a template; empty if nothing is."""
    try:
        source = file.read_text()
        parsed = environment.parse(source, name, str(file))
        used = list(find_referenced_templates(parsed))
        environment.compile(parsed, name, str(file))
        missing = [other for other in used if other and not _exists(environment, other)]
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    except (OSError, UnicodeDecodeError) as error:
        return f"it cannot be read ({error})."
    return f"it names {missing[0]}, which does not exist." if missing else ""


def _exists(environment: Environment, name: str) -> bool:
    loader = environment.loader
    try:
        if isinstance(loader, BaseLoader):
            loader.get_source(environment, name)
    except TemplateNotFound:
        return False
    return True
