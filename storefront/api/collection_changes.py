"""Collections for tokens that read or change the catalogue: each change is one request."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.api import idempotency
from storefront.api.preconditions import require_match
from storefront.api.problems import ProblemError
from storefront.api.schemas import (
    CollectionCondition,
    CollectionDetail,
    CollectionList,
    CollectionPatch,
    CollectionPost,
    Fault,
    Price,
)
from storefront.api.tokens import Caller
from storefront.catalog.collection import collection_builds, collection_edits
from storefront.catalog.collection.collection_edits import ALL_PRODUCTS, CollectionValues
from storefront.catalog.collection.membership_rules import PRICE_KINDS, TEXT_KINDS, Condition, Rule
from storefront.catalog.collection.models import Collection
from storefront.catalog.list_index import memberships
from storefront.catalog.navigation import NotInShopError
from storefront.extensions import db, write_transaction
from storefront.unicode_text import clean_line, normalize

_REFUSED = "The collection cannot be changed to this."


def list_collections() -> CollectionList:
    """Return all collections. One statement."""
    rows = db.session.execute(
        select(Collection).where(Collection.is_present()).order_by(Collection.slug)
    ).scalars()
    return CollectionList([_describe(row) for row in rows])


def read_collection(slug: str) -> CollectionDetail:
    """Return a collection.

    Raises:
        NotInShopError: it does not exist.
    """
    return _describe(_find(db.session(), slug))


def create_collection(body: CollectionPost, caller: Caller) -> msgspec.Raw | CollectionDetail:
    """Create a collection; a repetition with the same Idempotency-Key returns the first one's answer.

    Raises:
        ProblemError, CollectionEditError: 409 or 422; the text says why. Nothing is created then.
    """
    values = _read_values(body, CollectionValues("", Rule("all", ())))
    made: list[int] = []

    def create(session: Session) -> CollectionDetail:
        collection = collection_edits.create(session, values)
        made.append(collection.id)
        return _describe(collection)

    result = idempotency.run_once(caller, create, status=201)
    for collection_id in made:
        collection_builds.start_build(collection_id)
    return result


def change_collection(slug: str, body: CollectionPatch) -> CollectionDetail:
    """Apply a request's body to a collection.

    Raises:
        ProblemError, CollectionEditError: 409, 412 or 422; nothing is changed then.
        NotInShopError: it does not exist.
    """
    with write_transaction() as session:
        found = _lock(session, slug)
        values = _read_values(body, collection_edits.values_of(found))
        collection_edits.change(session, found.id, values, expected=collection_edits.version_of(found))
    collection_builds.start_build(found.id)
    return _describe(db.session.get_one(Collection, found.id, populate_existing=True))


def delete_collection(slug: str) -> None:
    """Delete a collection; its address leads to the list of all products.

    Raises:
        ProblemError: 412, it has changed.
        NotInShopError: it does not exist.
    """
    with write_transaction() as session:
        found = _lock(session, slug)
        version = collection_edits.version_of(found)
        collection_edits.delete(session, found.id, target=ALL_PRODUCTS, expected=version)
    collection_builds.start_build(found.id)


def _lock(session: Session, slug: str) -> Collection:
    memberships.lock_rules(session)
    found = _find(session, slug)
    require_match("collection", _describe(found))
    return found


def _find(session: Session, slug: str) -> Collection:
    query = (
        select(Collection)
        .where(Collection.slug == slug, Collection.is_present())
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotInShopError(f"There is no collection {slug!r}.")
    return found


def _read_values(body: CollectionPatch, stored: CollectionValues) -> CollectionValues:
    def line(text: str | msgspec.UnsetType, present: str) -> str:
        return present if text is UNSET else clean_line(normalize("NFC", text))

    conditions = stored.rule.conditions
    if body.conditions is not UNSET:
        conditions = _read_conditions(body.conditions)
    return CollectionValues(
        title=line(body.title, stored.title),
        rule=Rule(stored.rule.match if body.match is UNSET else body.match, conditions),
        slug=line(body.slug, stored.slug),
        description_html=stored.description_html if body.description_html is UNSET else body.description_html,
        seo_title=line(body.seo_title, stored.seo_title),
        seo_description=line(body.seo_description, stored.seo_description),
    )


def _read_conditions(given: Sequence[CollectionCondition]) -> tuple[Condition, ...]:
    faults: list[Fault] = []
    read: list[Condition] = []
    for place, one in enumerate(given):
        at = f"/conditions/{place}"
        condition = _read_condition(one)
        if one.price is not None and one.price.currency != shop_settings.current().currency:
            text = f"Prices of this shop are in {shop_settings.current().currency}."
            faults.append(Fault(text, f"{at}/price/currency"))
        elif fault := collection_edits.find_fault(condition):
            faults.append(Fault(fault, at))
        read.append(condition)
    if faults:
        raise ProblemError(422, _REFUSED, *faults)
    return tuple(read)


def _read_condition(given: CollectionCondition) -> Condition:
    """Return a condition; values that its kind does not use are left out, and missing ones are faults later."""
    if given.kind in TEXT_KINDS:
        return Condition(given.kind, text=clean_line(normalize("NFC", given.text or "")))
    if given.kind in PRICE_KINDS:
        return Condition(given.kind, number=given.price.amount if given.price else -1)
    return Condition(given.kind, number=(given.days or 0) if given.kind == "new" else 0)


def _describe(collection: Collection) -> CollectionDetail:
    values = collection_edits.values_of(collection)
    return CollectionDetail(
        slug=collection.slug,
        title=collection.title,
        match=values.rule.match,
        conditions=[_describe_condition(one) for one in values.rule.conditions],
        description_html=collection.description_html,
        seo_title=collection.seo_title,
        seo_description=collection.seo_description,
        products=collection.product_count,
        is_building=collection.build_before is not None,
    )


def _describe_condition(condition: Condition) -> CollectionCondition:
    return CollectionCondition(
        condition.kind,
        text=condition.text if condition.kind in TEXT_KINDS else None,
        price=Price(condition.number, shop_settings.current().currency)
        if condition.kind in PRICE_KINDS
        else None,
        days=condition.number if condition.kind == "new" else None,
    )
