"""What a merchant does to collections: make, change, delete them, and put them back.

Each verb takes the version that the person saw, so that two people at once never overwrite each other. Old addresses
lead on (301). A new rule takes effect in batches after the commit: see `collection_builds.start_build`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.catalog import html_sanitiser
from storefront.catalog.address_redirects import remove_redirect, set_redirect
from storefront.catalog.category_edits import digest
from storefront.catalog.collection.membership_rules import (
    MAX_CONDITIONS,
    MAX_DAYS,
    MAX_TEXT,
    PRICE_KINDS,
    TEXT_KINDS,
    Condition,
    Rule,
    read_rule,
    stored_rule,
)
from storefront.catalog.collection.models import MAX_COLLECTIONS, Collection
from storefront.catalog.list_index import memberships
from storefront.catalog.list_request import MAX_PRICE
from storefront.catalog.models import Product
from storefront.catalog.moved_addresses import redirect_key
from storefront.catalog.slugs import collection_path, slugify
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.unicode_text import clean_line, is_invisible

MAX_TITLE, MAX_SEO_TITLE, MAX_SEO_DESCRIPTION = 255, 500, 5000  # characters
RESTORABLE = timedelta(days=30)  # for which a deleted collection can be put back
_MAX_KEPT_SLUG = 240  # characters of a slug to which an id is appended
ALL_PRODUCTS = "/products"  # where the address of a deleted collection leads unless another one is chosen


class CollectionEditError(StorefrontError):
    """A collection cannot be changed in this way; the text says why."""

    status = 422


class CollectionChangedError(StorefrontError):
    """Somebody else has changed the collection since the person saw it."""

    status = 409


@dataclass(frozen=True, slots=True)
class CollectionValues:
    """What a person chooses of a collection; `description_html` is sanitised when it is saved."""

    title: str
    rule: Rule
    slug: str = ""  # empty: of the title
    description_html: str = ""
    seo_title: str = ""
    seo_description: str = ""


def values_of(collection: Collection) -> CollectionValues:
    """Return what a collection has now."""
    return CollectionValues(
        collection.title,
        read_rule(collection.rule),
        collection.slug,
        collection.description_html,
        collection.seo_title,
        collection.seo_description,
    )


def version_of(collection: Collection) -> str:
    """Return the version of what a person chooses of a collection."""
    return digest(collection.id, values_of(collection))


def create(session: Session, values: CollectionValues) -> Collection:
    """Make a collection; its products follow when it is built.

    Raises:
        CollectionEditError: a value is not valid, the address is taken, or there are too many collections.
    """
    memberships.lock_rules(session)
    _check(values)
    _check_number(session)
    made = Collection(
        slug=_free_slug(session, values, None), build_before=_first_build(session), product_count=0
    )
    _set(made, values)
    session.add(made)
    session.flush()
    return made


def change(session: Session, collection_id: int, values: CollectionValues, *, expected: str) -> Collection:
    """Change a collection; a new rule starts its build again, and a former address leads on.

    Raises:
        CollectionChangedError: it is not the version `expected` any more, or it is gone.
        CollectionEditError: as `create`.
    """
    memberships.lock_rules(session)
    _check(values)
    collection = _find(session, collection_id, expected)
    slug = _free_slug(session, values, collection)
    if slug != collection.slug:
        set_redirect(session, collection_path(collection.slug), collection_path(slug))
        remove_redirect(session, collection_path(slug))
        collection.slug = slug
    if collection.rule != stored_rule(values.rule):
        collection.build_before = _first_build(session)
    _set(collection, values)
    session.flush()
    return collection


def delete(session: Session, collection_id: int, *, target: str, expected: str) -> None:
    """Delete a collection; its address leads to the path `target`. It can be put back for RESTORABLE.

    Raises:
        CollectionChangedError: it is not the version `expected` any more, or it is gone.
        CollectionEditError: the address would lead to itself.
    """
    memberships.lock_rules(session)
    collection = _find(session, collection_id, expected)
    if redirect_key(target) == redirect_key(collection_path(collection.slug)):
        raise CollectionEditError(_("Choose another page for its address."))
    set_redirect(session, collection_path(collection.slug), target)
    # Another collection may take the address: no slug has this character.
    collection.slug = f"{collection.slug[:_MAX_KEPT_SLUG]}~{collection.id}"
    collection.deleted_at = datetime.now(UTC)
    collection.build_before = _first_build(session)
    session.flush()


def restore(session: Session, collection_id: int) -> Collection:
    """Put back a deleted collection, at its former address unless that is taken.

    Raises:
        CollectionChangedError: it cannot be put back any more.
        CollectionEditError: there are too many collections.
    """
    memberships.lock_rules(session)
    collection = session.get(Collection, collection_id, populate_existing=True)
    if collection is None:
        raise CollectionChangedError(_("This collection can no longer be put back."))
    if collection.deleted_at is None:
        return collection
    _check_number(session)
    slug = collection.slug.rpartition("~")[0]
    taken = session.execute(select(Collection.id).where(Collection.slug == slug)).first()
    collection.slug = f"{slug[:_MAX_KEPT_SLUG]}-{collection.id}" if taken else slug
    remove_redirect(session, collection_path(collection.slug))
    collection.deleted_at = None
    collection.build_before = _first_build(session)
    session.flush()
    return collection


def find_fault(condition: Condition) -> str:
    """Return a sentence about a condition that cannot be used; an empty text if it can."""
    if condition.kind in TEXT_KINDS and condition.text != clean_line(condition.text)[:MAX_TEXT]:
        return _("Use one line of up to %(most)d characters.", most=MAX_TEXT)
    if condition.kind in TEXT_KINDS and is_invisible(condition.text):
        return _("Enter a tag.") if condition.kind == "tag" else _("Enter a brand.")
    if condition.kind == "new" and not 1 <= condition.number <= MAX_DAYS:
        return _("Enter a whole number of days from 1 to %(most)d.", most=MAX_DAYS)
    if condition.kind in PRICE_KINDS and not 0 <= condition.number <= MAX_PRICE:
        return _("Enter a price.")
    return ""


def _check(values: CollectionValues) -> None:
    conditions = values.rule.conditions
    if is_invisible(values.title):
        raise CollectionEditError(_("Enter a title."))
    if not conditions:
        raise CollectionEditError(_("Choose at least one condition: without one, no product would match."))
    if len(conditions) > MAX_CONDITIONS:
        raise CollectionEditError(_("Use at most %(most)d conditions.", most=MAX_CONDITIONS))
    if fault := next(filter(None, map(find_fault, conditions)), ""):
        raise CollectionEditError(fault)
    if html_sanitiser.find_excess(values.description_html):
        raise CollectionEditError(_("The text is too long, or has too many tags. Shorten it."))


def _check_number(session: Session) -> None:
    present = select(func.count(Collection.id)).where(Collection.is_present())
    if session.execute(present).scalar_one() >= MAX_COLLECTIONS:
        raise CollectionEditError(
            _(
                "A shop has at most %(most)d collections. Delete one that you no longer need.",
                most=MAX_COLLECTIONS,
            )
        )


def _set(collection: Collection, values: CollectionValues) -> None:
    new = {
        "title": values.title,
        "rule": stored_rule(values.rule),
        "description_html": html_sanitiser.sanitise(values.description_html),
        "seo_title": values.seo_title,
        "seo_description": values.seo_description,
    }
    for name, value in new.items():
        if getattr(collection, name) != value:
            setattr(collection, name, value)


def _free_slug(session: Session, values: CollectionValues, own: Collection | None) -> str:
    """Return the slug that the values ask for; the present one stays if it is sent as it is."""
    if own is not None and values.slug == own.slug:
        return own.slug
    slug = slugify(values.slug or values.title)
    taken = session.execute(select(Collection.id).where(Collection.slug == slug)).scalar_one_or_none()
    if taken is not None and (own is None or taken != own.id):
        path = collection_path(slug)
        raise CollectionEditError(
            _("There is already a collection at %(path)s. Choose another address.", path=path)
        )
    return slug


def _first_build(session: Session) -> int | None:
    """Return where a build begins: above the newest product; None if the shop has none."""
    newest = session.execute(select(func.max(Product.id))).scalar_one()
    return None if newest is None else newest + 1


def find_collection(session: Session, collection_id: int) -> Collection | None:
    """Return a collection as it is stored now; None if it does not exist, or is deleted."""
    found = session.get(Collection, collection_id, populate_existing=True)
    return found if found is not None and found.deleted_at is None else None


def _find(session: Session, collection_id: int, expected: str) -> Collection:
    collection = find_collection(session, collection_id)
    if collection is None:
        raise CollectionChangedError(_("Somebody has deleted this collection meanwhile."))
    if version_of(collection) != expected:
        raise CollectionChangedError(
            _("Somebody has changed this collection meanwhile. Nothing was saved. Compare, and save again.")
        )
    return collection
