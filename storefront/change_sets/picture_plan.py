"""The changes of a product's pictures, which their sources (URLs or file names) identify."""

from __future__ import annotations

from storefront.change_sets.changes import PictureChange, ValueChange
from storefront.change_sets.inputs import InputPicture, InputProduct
from storefront.change_sets.matching import VariantMatches
from storefront.change_sets.shop_products import ShopPicture, ShopProduct

# What a removal records, so that undoing it can bring the picture back.
_COLUMNS = ("position", "alt", "digest", "width", "height")


def plan_pictures(
    given: InputProduct, product: ShopProduct | None, matches: VariantMatches, *, removes: bool
) -> list[PictureChange]:
    """Return the changes of pictures: of those that the source names, its variants' included, and of removed ones.

    A picture without a source was not imported: no file can name it, so it is never removed.
    """
    present: dict[str, ShopPicture] = {}
    for shown in product.pictures if product else ():
        present.setdefault(shown.source, shown)
    named = {picture.source: picture for picture in given.pictures}
    for row in matches.rows:
        if row.given.picture:
            named.setdefault(row.given.picture, InputPicture(line=row.given.line, source=row.given.picture))
    changes = []
    last = max((picture.columns["position"] for picture in present.values()), default=0)
    for source, picture in named.items():
        if source in present:
            changes.append(_compare(picture, present[source]))
        else:
            last = max(last + 1, picture.position or 0)
            changes.append(_create(picture, picture.position or last))
    if removes:
        changes += [
            remove_picture(shown) for source, shown in present.items() if source and source not in named
        ]
    return [change for change in changes if change.fields or change.action != "update"]


def _compare(given: InputPicture, picture: ShopPicture) -> PictureChange:
    values = {"position": given.position, "alt": given.alt}
    fields = {
        name: ValueChange(picture.columns[name], value)
        for name, value in values.items()
        if value is not None and value != picture.columns[name]
    }
    kept = picture.columns["extra"]
    for header, text in given.extra.items():
        if (kept.get(header) or None) != (text or None):
            fields[f"extra:{header}"] = ValueChange(kept.get(header), text or None)
    return PictureChange(action="update", source=given.source, fields=fields)


def _create(given: InputPicture, position: int) -> PictureChange:
    fields = {"position": ValueChange(None, position), "alt": ValueChange(None, given.alt or "")}
    fields |= {f"extra:{header}": ValueChange(None, text) for header, text in given.extra.items() if text}
    return PictureChange(action="create", source=given.source, fields=fields)


def remove_picture(picture: ShopPicture) -> PictureChange:
    """Return the change that removes a picture, with all its values."""
    values = {name: picture.columns[name] for name in _COLUMNS}
    values |= {f"extra:{header}": text for header, text in picture.columns["extra"].items()}
    fields = {name: ValueChange(value, None) for name, value in values.items()}
    return PictureChange(action="remove", source=picture.source, fields=fields)
