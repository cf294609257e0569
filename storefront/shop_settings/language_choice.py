"""The languages that visitors choose among: the chooser of every page, and the cookie that keeps the choice.

Pages never depend on the cookie. A script of the front page reads it, and offers the chosen language there.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from storefront import i18n, languages
from storefront.app_state import Hook
from storefront.cache.page_cache import find_policy
from storefront.errors import BadInputError
from storefront.i18n import gettext as _
from storefront.languages import Language
from storefront.shop_settings.current_settings import current, current_of
from storefront.web import compression, cookies, language_routes
from storefront.web.prefix import add_prefix, is_own_path, remove_prefix

COOKIE = "language"
_MAX_AGE = 365 * 24 * 3600  # seconds

language_chosen = Hook[[], None]("shop_settings.language_chosen")
"""Fires, in the language that a visitor has chosen, with the request that says so."""

bp = Blueprint("language_choice", __name__, cli_group=None)


class UnknownLanguageError(BadInputError):
    """Somebody chose a language that the shop does not have."""

    def __init__(self) -> None:
        super().__init__("language", _("The shop does not have this language. Choose another one."))


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A page in one of the shop's languages.

    Attributes:
        tag: of the language in forms; empty for the shop's own.
        lang: for the attributes `lang` and `hreflang`, such as "de-DE".
        name: what the language calls itself.
        url: of the page.
        is_current: whether the page that prints the link is in this language.
    """

    tag: str
    lang: str
    name: str
    url: str
    is_current: bool


def init_app(app: Flask) -> None:
    """Let addresses begin with a language, and offer the languages to templates."""
    language_routes.further_languages.set(app, lambda app: languages_of(app))
    compression.printed_on_every_page.register(app, languages.current)
    app.register_blueprint(bp)
    app.add_template_global(list_alternates, "language_alternates")
    app.add_template_global(list_choices, "language_choices")
    app.context_processor(lambda: {"language_cookie": cookies.script_name(app, COOKIE)})

    @app.before_request
    def depend_on_languages() -> None:
        if languages.current() is not None:
            current()  # what is built is wrong when the shop has this language no more


def languages_of(app: Flask) -> tuple[Language, ...]:
    """Return the further languages of the shop; needs no application context."""
    settings = current_of(app)
    return languages.parse(settings.locale, settings.languages) if settings.languages else ()


def list_alternates(url: str) -> list[LanguageLink]:
    """Return a page of this URL in each language, the shop's own first; nothing if the shop has one language."""
    settings = current()
    further = languages.parse(settings.locale, settings.languages)
    if not further:
        return []
    here = languages.current()
    path = languages.remove_language(remove_prefix(url))
    return [_link(path, None, here), *(_link(path, each, here) for each in further)]


def list_choices() -> list[LanguageLink]:
    """Return the present page in each language, for the chooser; nothing if the shop has one language."""
    return list_alternates(_here()) if current().languages else []


@bp.post("/language")
def choose() -> Response:
    """Keep the language that a visitor chose, and lead to their page in it."""
    tag, going = request.form.get("language", ""), remove_prefix(request.form.get("next", "/"))
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
    chosen = language_routes.find_language(app, tag)
    if chosen is None and not languages.is_own(tag, i18n.own_locale()):
        raise UnknownLanguageError
    with languages.use(chosen):
        language_chosen.fire()
        response = redirect(add_prefix(_without_tag(app, going) if is_own_path(going) else "/"), 303)
    locale = chosen.locale if chosen else i18n.own_locale()
    response.set_cookie(
        cookies.script_name(app, COOKIE),
        locale.replace("_", "-"),
        max_age=_MAX_AGE,
        **cookies.attributes(app, request.environ),
    )
    return response


def _link(path: str, language: Language | None, here: Language | None) -> LanguageLink:
    locale = language.locale if language else i18n.own_locale()
    with languages.use(language):
        url = add_prefix(path)
    tag, lang = language.tag if language else "", locale.replace("_", "-")
    return LanguageLink(tag, lang, languages.name_of(locale), url, language == here)


def _here() -> str:
    """Return the URL of the present page: of a public page without what a visitor has added to its query."""
    home = url_for("catalog.home") if "catalog.home" in current_app.view_functions else "/"
    if request.method not in ("GET", "HEAD") or request.endpoint is None or request.routing_exception:
        return home
    if find_policy(current_app, request.endpoint) is None:
        return add_prefix(request.full_path.rstrip("?"))
    try:
        return url_for(request.endpoint, **(request.view_args or {}))
    except BuildError:
        return home


def _without_tag(app: Flask, path: str) -> str:
    """Return a path of the shop without the language with which it may begin."""
    language = language_routes.find_language(app, languages.first_part(path))
    return path[len(language.tag) + 1 :] or "/" if language else path
