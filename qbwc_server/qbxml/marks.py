"""Marks: telling whether a record's element is the one that was read before, without reading it.

Theory of operation
-------------------
A whole list mostly brings what is known already, and reading a record takes
longer than anything else of it. So each record that a list run reads is kept
with a mark of its element: a digest of its XML, of what was asked for, and of
the program that read it. Whoever reads a list may say which marks are known; an
element that comes with its own is given as `Unchanged`, with nothing read of it
but its ListID and its time.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lxml import etree

from qbwc_server import __version__
from qbwc_server.qbxml.answer import ListQueryContext
from qbwc_server.qbxml.characters import Element, tidy
from qbwc_server.qbxml.record import Unchanged

Known: TypeAlias = Callable[[str, Sequence[str]], Mapping[str, str]]
"""Gives the marks of those records of a list that are known, by ListID."""

_SIZE = 16


class Marker:
    """Marks the elements of one query's answer.

    Args:
        context: what was asked for.
        known: see `Known`.
    """

    def __init__(self, context: ListQueryContext, known: Known) -> None:
        self._list = context.list
        self._known = known
        asked = (__version__, context.list, *sorted(context.asked), "", *sorted(context.private))
        self._key = hashlib.blake2b("\n".join(asked).encode(), digest_size=_SIZE).digest()

    def look(self, elements: Sequence[Element]) -> list[tuple[Element, str, Unchanged | None]]:
        """Return each element with its mark, and what it is if it is known."""
        list_ids = [tidy(element.findtext("ListID") or "") for element in elements]
        known = self._known(self._list, list_ids)
        looked: list[tuple[Element, str, Unchanged | None]] = []
        for element, list_id in zip(elements, list_ids, strict=True):
            text = etree.tostring(element, with_tail=False)
            mark = hashlib.blake2b(text, digest_size=_SIZE, key=self._key).hexdigest()
            unchanged = None
            if known.get(list_id) == mark:
                time = tidy(element.findtext("TimeModified") or "")
                unchanged = Unchanged(self._list, list_id, mark, time)
            looked.append((element, mark, unchanged))
        return looked
