"""What the application of a change really did, as it is stored (JSON) with each row. The undo reads it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from storefront.change_sets.field_texts import name_field

# What was not applied, and what was not undone: the fields of RowResult.
LeftKind = Literal["left", "not_undone"]


class Left(msgspec.Struct, omit_defaults=True):
    """A part of a change that was not made, or not undone.

    Attributes:
        subject: the code of a variant, the source of a picture; empty for the product itself.
        field: the field; empty for the whole subject.
        reason: a sentence.
    """

    subject: str
    field: str
    reason: str

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return f"{' '.join(filter(None, (self.subject, name_field(self.field)))) or 'the product'}: {self.reason}"


class VariantResult(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What was done to one variant.

    Attributes:
        done: the fields that were set.
        stock: what was added to what is on hand.
        item: the stock row of a variant that was removed, or None.
    """

    done: list[str] = []
    stock: int = 0
    item: dict[str, Any] | None = None


class PictureResult(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What was done to one picture.

    Attributes:
        done: the fields that were set.
        file: digest, width and height of a picture that was removed.
        shown_by: the codes of the variants that showed a picture that was removed.
    """

    done: list[str] = []
    file: dict[str, Any] | None = None
    shown_by: list[str] = []


class RowResult(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What was done to one product.

    Attributes:
        done: the fields of the product that were set.
        variants: by code; a variant that was left is absent.
        pictures: by source; a picture that was left is absent.
        product: of a product that was deleted: its id, when it was created, former addresses, pictures, and the
            picture that each variant showed.
        left: what was not applied.
        not_undone: what the undo left.
    """

    done: list[str] = []
    variants: dict[str, VariantResult] = {}
    pictures: dict[str, PictureResult] = {}
    product: dict[str, Any] | None = None
    left: list[Left] = []
    not_undone: list[Left] = []

    @property
    def did_nothing(self) -> bool:
        """Whether something was to be done, and nothing was."""
        return bool(self.left) and not (self.done or self.variants or self.pictures or self.product)
