"""The form of one owner's translations: the fields are numbered, since the words of options may be any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from storefront.i18n import gettext as _
from storefront.text_translations.sources import SourceField, SourceKind, SourceTexts
from storefront.text_translations.translation_edits import NewText, TranslatedText
from storefront.web.forms import Form

MOST_FIELDS = 300  # on one page; of more option words the file has all


@dataclass(frozen=True, slots=True)
class TranslationRow:
    """A text with its translation, as the page shows it.

    Attributes:
        number: of the row in the form: its fields are `text-0`, `name-0`, `seen-0` and `right-0`.
        field: of the text.
        source: the text in the shop's own language.
        seen: the translation that the form was made from.
        stored: the translation that is saved now, if that is another one than what was typed; else None.
        is_outdated: whether the source has changed since the translation was made.
    """

    number: int
    field: SourceField
    source: str
    seen: str
    stored: str | None
    is_outdated: bool


class TranslationForm:
    """The form, as it is shown first or as it was sent."""

    def __init__(self, kind: SourceKind, owner: SourceTexts, typed: Mapping[str, str] | None = None) -> None:
        self.form = Form(typed)
        self._is_sent = typed is not None
        self._owner = owner
        fields = [(name, kind.find_field(name), text) for name, text in owner.texts.items() if text]
        self._fields = [
            (name, replace(field, label=owner.labels.get(name, field.label)), text)
            for name, field, text in fields
            if field
        ][:MOST_FIELDS]

    def read(self) -> dict[str, NewText]:
        """Return what the sender changed, by field; `form.errors` has a sentence for each wrong one.

        The box “still right” saves an outdated translation as it is.
        """
        numbers = {self.form.typed(f"name-{number}"): number for number in range(MOST_FIELDS)}
        wanted = {}
        for name, field, _source in self._fields:
            number = numbers.get(name)
            if number is None or not self.form.is_sent(f"text-{number}"):
                continue
            text, seen = self._read_text(f"text-{number}", field), self.form.typed(f"seen-{number}")
            if text != seen.replace("\r\n", "\n").strip() or self.form.ticked(f"right-{number}"):
                wanted[name] = NewText(text, seen.replace("\r\n", "\n").strip())
        return wanted

    def rows(self, stored: Mapping[str, TranslatedText]) -> list[TranslationRow]:
        """Return the rows of the page. `stored`: the translations by field."""
        found = []
        for number, (name, field, source) in enumerate(self._fields):
            kept = stored.get(name)
            now = kept.text if kept else ""
            if not self._is_sent:
                self.form.values[f"text-{number}"] = now
            typed = self.form.values.get(f"text-{number}", now)
            differs = self._is_sent and typed != now
            seen = now if differs or not self._is_sent else self.form.typed(f"seen-{number}")
            is_outdated = bool(kept and kept.is_outdated)
            found.append(TranslationRow(number, field, source, seen, now if differs else None, is_outdated))
        return found

    def _read_text(self, name: str, field: SourceField) -> str:
        if field.is_long or field.is_html:
            text = self.form.lines(name, most=field.most)
            if len(text) > field.most:
                self.form.errors[name] = _(
                    "Use up to %(most)d characters for %(label)s.", label=field.label, most=field.most
                )
            return text
        return self.form.text(name, str(field.label), most=field.most, required=False)
