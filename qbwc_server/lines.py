"""What counts as one line of text: the names, titles and paths that people type and that QuickBooks holds.

Spaces of all widths belong into a line: names from QuickBooks have no-break spaces, and French puts narrow ones before
its punctuation.
"""

import unicodedata
from typing import Final

# Unicode's categories of what ends a line or is no character: controls, halves of surrogate pairs, separators of lines
# and of paragraphs.
_NO_LINE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# And of what is neither seen nor typed: formats, such as a zero-width space or a change of direction.
_UNSEEN: Final = _NO_LINE | {"Cf"}


def is_line(text: str) -> bool:
    """Whether the text is one line with something on it."""
    return _has_none_of(_NO_LINE, text)


def is_plain_line(text: str) -> bool:
    """Whether the text is one line of which everything can be seen, so that what looks the same is the same.

    For what people choose here; QuickBooks's own names may hold a soft hyphen, which is unseen too.
    """
    return _has_none_of(_UNSEEN, text)


def as_line(text: str) -> str:
    """Return a text as one line: whatever ends a line or is no character becomes a space."""
    return "".join(" " if unicodedata.category(character) in _NO_LINE else character for character in text).strip()


def _has_none_of(categories: frozenset[str], text: str) -> bool:
    return bool(text.strip()) and all(unicodedata.category(character) not in categories for character in text)
