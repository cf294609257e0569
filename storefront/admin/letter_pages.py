"""/admin/settings/letters: the merchant's words for letters, with a preview and a test letter."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, current_app, redirect, request, url_for
from msgspec.structs import replace
from werkzeug.wrappers import Response

from storefront import accounts, mail
from storefront.admin.letter_preview import render_preview, with_frames
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.languages import Language
from storefront.launch.models import record_test_letter
from storefront.mail import LetterKind, MailNotConfiguredError, Words, placeholders, transport
from storefront.mail.letter_kinds import all_letters, find_letter_kind
from storefront.mail.letter_languages import LetterInLanguage, choose_language, list_letter_languages
from storefront.mail.letter_words import MAX_SUBJECT, MAX_TEXT, WordsChangedError, list_changed, save_words
from storefront.rate_limiting import limit
from storefront.unicode_text import clean_lines
from storefront.web.forms import Form
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_letters", __name__, url_prefix="/admin/settings/letters", cli_group=None)

_FIELDS = ("subject", "opening", "closing")


@bp.get("")
@limit("staff")
@permission_required("settings:read")
def all_kinds() -> Response:
    """List the letters of the shop."""
    groups: dict[str, list[LetterKind]] = {}
    for kind in all_letters():
        groups.setdefault(str(kind.group), []).append(kind)
    stored = list_changed()
    changed = {
        kind.name: [each.name for each in list_letter_languages(kind) if _is_in(kind, each, stored)]
        for kind in all_letters()
    }
    return render_page("letters/letters.html", groups=groups, changed=changed)


@bp.get("/<name>")
@limit("staff")
@permission_required("settings:read")
def show(name: str) -> Response:
    """Show the words of a letter in one language, in a form, with a preview."""
    return _page(_find(name), Form())


@bp.post("/<name>")
@limit("staff")
@permission_required("settings:write")
def change(name: str) -> Response:
    """Save the words of a letter in one language."""
    letter, form = _find(name), Form(request.form)
    words = _read(form, letter)
    return _page(letter, form) if form.errors else _save(letter, form, words)


@bp.post("/<name>/reset")
@limit("staff")
@permission_required("settings:write")
def reset(name: str) -> Response:
    """Go back to the shop's own words."""
    form = Form(request.form)
    return _save(_find(name), form, Words(version=form.version("made_from")))


@bp.get("/<name>/preview")
@limit("staff")
@permission_required("settings:read")
def preview(name: str) -> Response:
    """Show the letter as a mail program does, with the saved words and invented facts."""
    return render_preview(_find(name).compose())


@bp.post("/<name>/preview")
@limit("staff")
@permission_required("settings:write")
def preview_typed(name: str) -> Response:
    """Show the letter with the words that were typed; nothing is saved."""
    letter, form = _find(name), Form(request.form)
    words = _read(form, letter)
    if form.errors:
        return render_preview(None, " ".join(form.errors.values()))
    return render_preview(letter.compose(words))


@bp.post("/<name>/test")
@limit("staff")
@permission_required("settings:write")
@once_only
def send_test(name: str) -> Response:
    """Send the letter with the saved words to the person who asks for it."""
    letter, person = _find(name), accounts.load_current_user() or abort(404)
    text = letter.compose()
    text = replace(text, subject=_("Test: %(subject)s", subject=text.subject))
    try:
        with write_transaction() as session:
            mail.enqueue(session, person.email, text)
            record_test_letter(session)
    except MailNotConfiguredError as error:
        form = Form()
        form.errors[""] = _("No letter was sent: this shop has no mail server.")
        return _page(letter, form, error.status)
    return _redirect_to(letter, "letter-stored" if transport.stores_mail() else "letter-queued")


def _find(name: str) -> LetterInLanguage:
    """Return the letter that the request is about, in the language that it names."""
    return choose_language(find_letter_kind(name) or abort(404), request.values.get("language", ""))


def _is_in(kind: LetterKind, language: Language, stored: Mapping[str, set[str]]) -> bool:
    return LetterInLanguage(kind, language).words_language in stored.get(kind.name, ())


def _redirect_to(letter: LetterInLanguage, said: str) -> Response:
    tag = letter.language.tag or None
    return redirect(url_for("admin_letters.show", name=letter.kind.name, language=tag, said=said), 303)


def _read(form: Form, letter: LetterInLanguage) -> Words:
    """Return the words that were typed; empty where they are the shop's own, or the field is absent."""
    stored, ours = letter.find_words(), letter.our_words()
    typed = {}
    for field in _FIELDS:
        if not form.is_sent(field):
            form.values[field] = typed[field] = getattr(stored, field)
            continue
        typed[field] = text = _read_text(form, field)
        if problem := placeholders.find_problem(text, letter.kind.known):
            form.errors[field] = problem
        if text == getattr(ours, field):
            typed[field] = ""
    return Words(**typed, version=form.version("made_from"))


def _read_text(form: Form, field: str) -> str:
    if field == "subject":
        return form.text(field, _("a subject"), most=MAX_SUBJECT, required=False)
    text = clean_lines(form.lines(field, most=MAX_TEXT * 2))
    if len(text) > MAX_TEXT:
        form.errors[field] = _("Use up to %(most)d characters.", most=MAX_TEXT)
    return text


def _save(letter: LetterInLanguage, form: Form, words: Words) -> Response:
    try:
        with write_transaction() as session:
            save_words(session, letter.kind.name, letter.words_language, words)
    except WordsChangedError as error:
        form.errors[""] = str(error)
        return _page(letter, form, error.status)
    return _redirect_to(letter, "saved")


def _page(letter: LetterInLanguage, form: Form, status: int = 200) -> Response:
    stored, ours = letter.find_words(), letter.our_words()
    shown = {field: getattr(stored, field) or getattr(ours, field) for field in _FIELDS}
    form.values = shown | form.values
    return with_frames(
        render_page(
            "letters/letter.html",
            status,
            form=form,
            kind=letter.kind,
            language=letter.language,
            languages=list_letter_languages(letter.kind),
            version=stored.version,
            is_ours=not (stored.subject or stored.opening or stored.closing),
            differing={field: now for field, now in shown.items() if form.values[field] != now},
            plain=letter.plain_text(),
            stores_mail=transport.stores_mail(),
            can_send=bool(current_app.config["SMTP_URL"]) or transport.stores_mail(),
        )
    )
