"""Redirects a category that a change has emptied to the one that its products moved to, as when a file renames it.

Every change of products passes through here: imports, their undoing, the API, the back office. The redirect of a
category counts only while it is empty (`moved_addresses.find_successor`): with products it is a page again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.list_index.derivation import ancestor_paths
from storefront.catalog.models import ROOT_PATH, CategoryRedirect


def redirect_emptied_categories(
    session: Session,
    rows: Sequence[Any],
    wanted: Iterable[tuple[int, int]],
    present: Iterable[tuple[int, int]],
) -> None:
    """Redirect each category that is empty now to the one that all of its moved products are in.

    Args:
        session: a session in a writing transaction.
        rows: id, path and present count of the categories that the change concerns, in the order of their ids.
        wanted: category id and product id of the rows of `listing`, after the change.
        present: the same before the change.
    """
    old, new = _group(present), _group(wanted)
    moved = [product_id for product_id in old.keys() & new.keys() if old[product_id] != new[product_id]]
    if not moved:
        return
    paths: dict[int, str] = {row.id: row.path for row in rows}
    by_path = {path: category_id for category_id, path in paths.items()}
    for row in rows:
        if row.product_count == 0 and row.path != ROOT_PATH:
            left = [product_id for product_id in moved if row.id in old[product_id]]
            ways = [way for one in left for way in _ways(paths, row.path, old[one], new[one])]
            target = _common_path([_successor_path(row.path, *way) for way in ways])
            if target != ROOT_PATH and target in by_path:
                _redirect(session, row.path, by_path[target], target)


def _redirect(session: Session, path: str, category_id: int, target: str) -> None:
    """Redirect a path to a category, and end the redirect from that category's own path, if there is one."""
    query = select(CategoryRedirect).where(CategoryRedirect.path.in_((path, target)))
    found = {redirect.path: redirect for redirect in session.execute(query).scalars()}
    if (earlier := found.get(path)) is None:
        session.add(CategoryRedirect(path=path, category_id=category_id))
    else:
        earlier.category_id = category_id
    if (stale := found.get(target)) is not None:
        session.delete(stale)


def _group(rows: Iterable[tuple[int, int]]) -> Mapping[int, set[int]]:
    """Return the ids of each product's categories."""
    grouped: dict[int, set[int]] = defaultdict(set)
    for category_id, product_id in rows:
        grouped[product_id].add(category_id)
    return grouped


def _ways(
    paths: Mapping[int, str], path: str, old: Iterable[int], new: Iterable[int]
) -> list[tuple[str, str]]:
    """Return from which category, at a path or below it, to which other one a product has moved.

    None if it only left categories, or left and entered several: then nothing says what replaces which.
    """
    before, after = _own_paths(paths, old), _own_paths(paths, new)
    left, entered = before - after, after - before
    if not len(left) == len(entered) == 1:
        return []
    (one,), (other,) = left, entered
    return [(one, other)] if one == path or one.startswith(f"{path}/") else []


def _own_paths(paths: Mapping[int, str], category_ids: Iterable[int]) -> set[str]:
    """Return the paths of a product's own categories: the others are above one of them."""
    all_paths = {paths[category_id] for category_id in category_ids if category_id in paths}
    above = {parent for path in all_paths for parent in ancestor_paths(path)[:-1]}
    return all_paths - above


def _successor_path(path: str, old: str, new: str) -> str:
    """Return the path that replaces a category's, given where one of its products was and is.

    "tea" becomes "teas" if a product went from "tea/green" to "teas/green", and "cups" if it went to "cups".
    """
    below = old[len(path) :] if old.startswith(f"{path}/") else ""
    return new.removesuffix(below) if below else new


def _common_path(paths: list[str]) -> str:
    """Return the path of the deepest category that is above all of these, or one of them; "" for the root."""
    common = paths[0].split("/") if paths else []
    for path in paths[1:]:
        parts = path.split("/")
        same = [a == b for a, b in zip(common, parts, strict=False)]
        common = common[: same.index(False) if False in same else len(same)]
    return "/".join(common)
