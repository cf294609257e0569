"""The form of a page of the merchant's own: its fields as they were typed, and as they are stored."""

from __future__ import annotations

from datetime import datetime

from storefront import moments
from storefront.admin import content_pictures
from storefront.catalog import html_sanitiser
from storefront.content.models import MAX_SEO_DESCRIPTION, MAX_SLUG, MAX_TITLE, ContentPage
from storefront.content.page_edits import PageValues
from storefront.content.page_reader import PublicationState, state_of
from storefront.i18n import gettext as _
from storefront.web.forms import Form


def read_values(form: Form, here: ContentPage | None) -> PageValues:
    """Return what was typed; the form has a sentence for each field that is not valid."""
    body = content_pictures.append_sent(form, form.lines("body_html", most=html_sanitiser.MAX_LENGTH * 2))
    form.values["body_html"] = body[: html_sanitiser.MAX_LENGTH * 2]
    checked, is_published = form.ticked("checked"), form.ticked("published")
    published_at = _read_publication(form, here, is_published=is_published)
    return PageValues(
        form.text("title", _("a title"), most=MAX_TITLE),
        form.text("slug", _("an address"), most=MAX_SLUG, required=False),
        body,
        form.text("seo_title", _("a title"), most=MAX_TITLE, required=False),
        form.text("seo_description", _("a description"), most=MAX_SEO_DESCRIPTION, required=False),
        published_at,
        _read_withdrawal(form, here, is_public=published_at is not None),
        checked or here is None or not here.kind or here.checked,
    )


def write_values(here: ContentPage) -> dict[str, str]:
    """Return the fields as they are stored."""
    state = state_of(here)
    return {
        "title": here.title,
        "slug": here.slug,
        "body_html": here.body_html,
        "seo_title": here.seo_title,
        "seo_description": here.seo_description,
        "published": "1" if state == PublicationState.PUBLISHED else "",
        "publish_at": _write(here.published_at) if state == PublicationState.PLANNED else "",
        "withdraw_at": _write(here.withdraw_at),
        "checked": "1" if here.checked else "",
    }


def _read_publication(form: Form, here: ContentPage | None, *, is_published: bool) -> datetime | None:
    """Return since when, or from when on, the page is public; a tick ends the plan that the page had."""
    planned, now = form.moment("publish_at", _("Publish at")), moments.now()
    stored = here.published_at if here else None
    is_kept = _is_kept(form, "publish_at", stored)
    if is_published and planned and not is_kept:
        form.errors["publish_at"] = _("Leave this empty, or untick “Published”.")
    if is_published:
        return stored if stored and stored <= now else now
    if planned and planned <= now and "publish_at" not in form.errors:
        form.errors["publish_at"] = _("This moment has passed. Choose a later one, or leave it empty.")
    return stored if is_kept else planned


def _read_withdrawal(form: Form, here: ContentPage | None, *, is_public: bool) -> datetime | None:
    """Return from when on the page is withdrawn; a draft has no such plan, and a past one is no error there."""
    typed = form.moment("withdraw_at", _("Withdraw at"))
    if not is_public:
        return None
    if typed and typed <= moments.now():
        form.errors["withdraw_at"] = _("This moment has passed. Choose a later one, or leave it empty.")
    return here.withdraw_at if here and _is_kept(form, "withdraw_at", here.withdraw_at) else typed


def _is_kept(form: Form, name: str, stored: datetime | None) -> bool:
    """Return whether a field has the stored moment, whose seconds it does not show."""
    return bool(stored) and form.values.get(name) == _write(stored)


def _write(moment: datetime | None) -> str:
    return moments.minute_value(moment) if moment else ""
