"""`make texts`: put the texts of today into the translations of every language, and compile them."""

from __future__ import annotations

from tests.translations.catalogs import LANGUAGES, merge_texts, po_file, read_translations, write_translations
from tests.translations.faults import is_translated


def main() -> None:
    """Update all languages; print what is left to translate."""
    for language in LANGUAGES:
        before = {message.id for message in read_translations(language) if message.id}
        catalog = merge_texts(language)
        write_translations(catalog)
        messages = [message for message in catalog if message.id]
        empty = [message for message in messages if not is_translated(message)]
        gone = len(before - {message.id for message in messages})
        print(f"{language}: {len(messages)} texts, {len(empty)} to translate, {gone} removed.")
        for message in empty[:20]:
            print(f"  {message.id!r}")
        if empty:
            print(f"Write the empty ones into {po_file(language)}, then run `make texts` again.")


if __name__ == "__main__":
    main()
