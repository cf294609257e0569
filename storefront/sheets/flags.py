"""Read cells that say yes or no, in the languages of spreadsheets and people."""

from __future__ import annotations

from storefront.sheets.cells import clean_text
from storefront.unicode_text import normalize

# Yes and true: English, German and its neighbours, Romance languages, Slavic ones, others. Then no and false.
_YES = """
    true yes 1 y t on x ✓ ✔ ☑ ✅ wahr ja j waar sand sann sant vrai oui verdadero sí si vero sì verdadeiro sim
    adevărat da prawda tak pravda ano истина да істина так вярно igaz igen tosi kyllä evet doğru ναι αληθής
    はい 真 是 예 네 참 כן نعم صحيح
""".split()
_NO = """
    false no 0 n f off ✗ ✘ ☐ ❌ falsch nein onwaar nee falsk falskt usann nej nei faux non falso falsa não nao fals nu
    fałsz falsz nie nepravda ne ложь нет хибність ні не hamis nem epätosi ei hayır hayir yanlış όχι ψευδής
    いいえ 偽 假 否 아니요 아니오 거짓 לא لا خطأ
""".split()


def _fold(text: str) -> str:
    return normalize("NFKC", text).casefold()


_FLAGS = {_fold(word): value for words, value in ((_YES, True), (_NO, False)) for word in words}


def parse_flag(cell: str) -> bool:
    """Return what a cell says.

    Raises:
        ValueError: it is empty, or it says neither yes nor no in a language that is known; the text says so.
    """
    text = _fold(clean_text(cell[:100]))
    if not text:
        raise ValueError("is empty")
    if (value := _FLAGS.get(text)) is None:
        raise ValueError(f"{cell.strip()[:40]!r} is neither yes nor no; write TRUE or FALSE")
    return value
