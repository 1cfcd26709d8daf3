"""Prints answers the way QuickBooks does: ASCII, decimal references, one element to a line, nothing empty."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from qbwc_server.rehearsal.company_faults import Faults
from qbwc_server.rehearsal.schema import Element, Version

HEAD = '<?xml version="1.0" ?>\n<QBXML>\n'
_FIRST_PRINTABLE = 0x20
_NOT_PLAIN = re.compile(r"[^ !#-%(-;=?-~\n]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_SPACES = {"\t", "\r"}


def escape(text: str, *, c1: bool = False) -> str:
    """The text as QuickBooks writes it inside an element or attribute.

    Args:
        text: any text; control characters come out as references too, which no XML parser accepts.
        c1: write the characters that Windows-1252 has in 128-159 as references to those bytes.
    """
    return _NOT_PLAIN.sub(lambda found: _reference(found.group(), c1=c1), text)


def _reference(character: str, *, c1: bool) -> str:
    if character in _NAMED:
        return _NAMED[character]
    number = ord(character)
    if number < _FIRST_PRINTABLE and character not in _SPACES:
        return f"&#x{number:X};"
    if c1:
        try:
            return f"&#{character.encode('cp1252')[0]};"
        except UnicodeEncodeError:
            pass
    return f"&#{number};"


def attributes(pairs: Sequence[tuple[str, str | int | None]]) -> str:
    """The attributes that have a value, in the order given, each after a blank."""
    return "".join(f' {name}="{escape(str(value))}"' for name, value in pairs if value is not None)


def answer(name: str, head: str, body: Sequence[str]) -> str:
    """One `…Rs` element; without a body it is an empty tag with a blank before its slash."""
    if not body:
        return f"<{name}Rs{head} />"
    return "\n".join((f"<{name}Rs{head}>", *body, f"</{name}Rs>"))


def document(answers: Sequence[str]) -> str:
    """The whole answer to a message set."""
    return "\n".join((f"{HEAD}<QBXMLMsgsRs>", *answers, "</QBXMLMsgsRs>", "</QBXML>")) + "\n"


class Printer:
    """Prints records for one message set.

    Args:
        version: the qbXML version the message set declares; newer elements are not printed.
        country: `US` or `CA`; the other edition's elements are not printed.
        faults: departures from the schema.
    """

    def __init__(self, version: Version, country: str, faults: Faults) -> None:
        self._version = version
        self._country = country
        self._faults = faults

    def record(
        self,
        ret: str,
        elements: Sequence[Element],
        values: Mapping[str, Any],
        include: frozenset[str] = frozenset(),
    ) -> list[str]:
        """The lines of one record.

        Args:
            ret: the record's name without Ret.
            elements: the table of what it may hold.
            values: text, mappings and lists of them; all that the table lists is taken, nothing else.
            include: the names asked for with IncludeRetElement; empty means all.
        """
        lines = [f"<{ret}Ret>"]
        list_id = str(values.get("ListID", ""))
        for number, element in enumerate(elements):
            if include and element.name not in include:
                continue
            if not self._left_out(element.name):
                self._element(lines, element, values.get(element.name), (list_id, element.name))
            if number == len(elements) // 2:
                lines.extend(f"<{name}>{escape(text)}</{name}>" for name, text in self._faults.unknown_elements)
        lines.append(f"</{ret}Ret>")
        return lines

    def _left_out(self, name: str) -> bool:
        faults = self._faults
        return (faults.omit_is_active and name == "IsActive") or (faults.omit_full_name and name == "FullName")

    def _element(self, lines: list[str], element: Element, value: Any, place: tuple[str, str]) -> None:
        raw = self._faults.raw_text.get(place) if self._faults.raw_text else None
        if raw is not None:
            lines.append(f"<{element.name}>{raw}</{element.name}>")
            return
        if value is None or value in ("", {}, []) or element.since > self._version:
            return
        if element.country and element.country != self._country:
            return
        for one in value if isinstance(value, list) else [value]:
            if element.children:
                self._structure(lines, element, one, place)
            else:
                lines.append(f"<{element.name}>{self._text(element, one)}</{element.name}>")

    def _structure(self, lines: list[str], element: Element, values: Mapping[str, Any], place: tuple[str, str]) -> None:
        inner: list[str] = []
        for child in element.children:
            self._element(inner, child, values.get(child.name), (place[0], f"{place[1]}.{child.name}"))
        if inner:
            lines.extend((f"<{element.name}>", *inner, f"</{element.name}>"))

    def _text(self, element: Element, value: Any) -> str:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if element.kind == "percent" and self._faults.percent_sign:
            text += "%"
        return escape(text, c1=self._faults.c1_references)
