"""The texts of a category: a description above its products, and what search engines show of its page."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from storefront.catalog import html_sanitiser
from storefront.catalog.category_edits import (
    CategoryChangedError,
    CategoryEditError,
    digest,
    find_category,
    lock_tree,
)
from storefront.catalog.models import Category
from storefront.i18n import gettext as _

MAX_SEO_TITLE, MAX_SEO_DESCRIPTION = 500, 5000  # characters


@dataclass(frozen=True, slots=True)
class CategoryTexts:
    """What a person writes about a category; `description_html` is sanitised when it is saved."""

    description_html: str = ""
    seo_title: str = ""  # empty: the name
    seo_description: str = ""  # empty: how many products it has


def texts_of(category: Category) -> CategoryTexts:
    """Return the stored texts."""
    return CategoryTexts(category.description_html, category.seo_title, category.seo_description)


def version_of_texts(category: Category) -> str:
    """Return the version of the texts."""
    return digest(category.id, asdict(texts_of(category)))


def change_texts(session: Session, category_id: int, texts: CategoryTexts, *, expected: str) -> None:
    """Save the texts of a category.

    Raises:
        CategoryChangedError: they are not the version `expected` any more, or the category is gone.
        CategoryEditError: the description is too long, or has too many tags.
    """
    if html_sanitiser.find_excess(texts.description_html):
        raise CategoryEditError(_("The text is too long, or has too many tags. Shorten it."))
    lock_tree(session)
    category = find_category(session, category_id)
    if version_of_texts(category) != expected:
        raise CategoryChangedError(
            _("Somebody has changed these texts meanwhile. Nothing was saved. Compare, and save again.")
        )
    category.description_html = html_sanitiser.sanitise(texts.description_html)
    category.seo_title, category.seo_description = texts.seo_title, texts.seo_description
    session.flush()
