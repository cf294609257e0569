"""Free text of visitors in mails, such as names and lines of addresses: nothing in it may look like a link.

Otherwise an order that is placed for somebody else's address would carry a stranger's advertisement to it.
"""

from __future__ import annotations

import re

# Mail programs make links of URLs, host names and e-mail addresses, but not of a name with a space in it. The dots
# are those that browsers read as one (IDNA 2008, RFC 5895): "St. John's" and "No. 5" stay what they are.
_SCHEME = re.compile(r"\s{0,3}[:：]\s{0,3}[/／\\]+\s{0,3}")
_SLASHES = re.compile(r"[/／\\]{2,}")
_DOT = re.compile(r"(?<=[^\W_])\s?[.。．｡․](?=[^\W_])")
_AT = re.compile(r"\s{0,3}[@＠﹫]\s{0,3}")
_COLON = re.compile(r"[:：](?=\S)")


def neutralise_links(text: str) -> str:
    """Return the text with spaces in everything that a mail program could take for a link."""
    text = _SCHEME.sub(": ", text)
    text = _SLASHES.sub("/", text)
    text = _AT.sub(" at ", text)
    text = _COLON.sub(": ", text)
    return _DOT.sub(". ", text)
