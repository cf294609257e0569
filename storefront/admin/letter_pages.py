"""/admin/settings/letters: the merchant's words for letters, with a preview and a test letter."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, request, url_for
from msgspec.structs import replace
from werkzeug.wrappers import Response

from storefront import accounts, mail
from storefront.admin.letter_preview import render_preview, with_frames
from storefront.admin.once_only import once_only
from storefront.admin.pages import render_page
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.launch.models import record_test_letter
from storefront.mail import LetterKind, MailNotConfiguredError, Words, compose_letter, placeholders, transport
from storefront.mail.letter_kinds import all_letters, find_letter_kind, words_language
from storefront.mail.letter_words import (
    MAX_SUBJECT,
    MAX_TEXT,
    WordsChangedError,
    find_words,
    list_changed,
    save_words,
)
from storefront.mail.messages import build_message, plain_text
from storefront.rate_limiting import limit
from storefront.unicode_text import clean_line
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
    return render_page("letters/letters.html", groups=groups, changed=list_changed(words_language()))


@bp.get("/<name>")
@limit("staff")
@permission_required("settings:read")
def show(name: str) -> Response:
    """Show the words of a letter in a form, with a preview."""
    return _page(_find(name), Form())


@bp.post("/<name>")
@limit("staff")
@permission_required("settings:write")
def change(name: str) -> Response:
    """Save the words of a letter."""
    kind, form = _find(name), Form(request.form)
    words = _read(form, kind)
    return _page(kind, form) if form.errors else _save(kind, form, words)


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
    return render_preview(compose_letter(_find(name).sample()))


@bp.post("/<name>/preview")
@limit("staff")
@permission_required("settings:write")
def preview_typed(name: str) -> Response:
    """Show the letter with the words that were typed; nothing is saved."""
    kind, form = _find(name), Form(request.form)
    words = _read(form, kind)
    if form.errors:
        return render_preview(None, " ".join(form.errors.values()))
    return render_preview(compose_letter(kind.sample(), words))


@bp.post("/<name>/test")
@limit("staff")
@permission_required("settings:write")
@once_only
def send_test(name: str) -> Response:
    """Send the letter with the saved words to the person who asks for it."""
    kind, person = _find(name), accounts.load_current_user() or abort(404)
    text = compose_letter(kind.sample())
    text = replace(text, subject=_("Test: %(subject)s", subject=text.subject))
    try:
        with write_transaction() as session:
            mail.enqueue(session, person.email, text)
            record_test_letter(session)
    except MailNotConfiguredError as error:
        form = Form()
        form.errors[""] = _("No letter was sent: this shop has no mail server.")
        return _page(kind, form, error.status)
    said = "letter-stored" if transport.stores_mail() else "letter-queued"
    return redirect(url_for("admin_letters.show", name=name, said=said), 303)


def _find(name: str) -> LetterKind:
    return find_letter_kind(name) or abort(404)


def _read(form: Form, kind: LetterKind) -> Words:
    """Return the words that were typed; empty where they are the shop's own, or the field is absent."""
    stored, ours = find_words(kind.name, words_language()), kind.our_words
    typed = {}
    for field in _FIELDS:
        if not form.is_sent(field):
            form.values[field] = typed[field] = getattr(stored, field)
            continue
        typed[field] = text = _read_text(form, field)
        if problem := placeholders.find_problem(text, kind.known):
            form.errors[field] = problem
        if text == getattr(ours, field):
            typed[field] = ""
    return Words(**typed, version=form.version("made_from"))


def _read_text(form: Form, field: str) -> str:
    if field == "subject":
        return form.text(field, _("a subject"), most=MAX_SUBJECT, required=False)
    text = "\n".join(map(clean_line, form.lines(field, most=MAX_TEXT * 2).split("\n"))).strip()
    if len(text) > MAX_TEXT:
        form.errors[field] = _("Use up to %(most)d characters.", most=MAX_TEXT)
    return text


def _save(kind: LetterKind, form: Form, words: Words) -> Response:
    try:
        with write_transaction() as session:
            save_words(session, kind.name, words_language(), words)
    except WordsChangedError as error:
        form.errors[""] = str(error)
        return _page(kind, form, error.status)
    return redirect(url_for("admin_letters.show", name=kind.name, said="saved"), 303)


def _page(kind: LetterKind, form: Form, status: int = 200) -> Response:
    stored, ours = find_words(kind.name, words_language()), kind.our_words
    shown = {field: getattr(stored, field) or getattr(ours, field) for field in _FIELDS}
    form.values = shown | form.values
    text = compose_letter(kind.sample())
    return with_frames(
        render_page(
            "letters/letter.html",
            status,
            form=form,
            kind=kind,
            version=stored.version,
            is_ours=not (stored.subject or stored.opening or stored.closing),
            differing={field: now for field, now in shown.items() if form.values[field] != now},
            plain=plain_text(build_message("robin@example.com", text, "sample")),
            stores_mail=transport.stores_mail(),
            can_send=bool(current_app.config["SMTP_URL"]) or transport.stores_mail(),
        )
    )
