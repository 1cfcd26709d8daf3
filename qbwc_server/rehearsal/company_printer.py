"""Prints answers the way QuickBooks does: ASCII, decimal references, one element to a line, nothing empty."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

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


# Elements in wire order: name, kind, and the elements inside a structure.
_Lines: TypeAlias = "tuple[tuple[str, str, _Lines | None], ...]"


class Printer:
    """Prints records for one message set, by tables that it first reduces to what that set is answered with.

    Args:
        version: the qbXML version the message set declares; newer elements are not printed.
        country: `US` or `CA`; the other edition's elements are not printed.
        faults: departures from the schema.
    """

    def __init__(self, version: Version, country: str, faults: Faults) -> None:
        self._version = version
        self._country = country
        self._faults = faults
        self._tables: dict[tuple[str, frozenset[str]], tuple[_Lines, _Lines]] = {}

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
        halves = self._tables.get((ret, include))
        if halves is None:
            halves = self._tables[ret, include] = self._halves(elements, include)
        if self._faults.raw_text:
            values = _with_raw_text(values, self._faults.raw_text)
        lines = [f"<{ret}Ret>"]
        self._elements(lines, halves[0], values)
        if not include or elements[len(elements) // 2].name in include:
            lines.extend(f"<{name}>{escape(text)}</{name}>" for name, text in self._faults.unknown_elements)
        self._elements(lines, halves[1], values)
        lines.append(f"</{ret}Ret>")
        return lines

    def _halves(self, elements: Sequence[Element], include: frozenset[str]) -> tuple[_Lines, _Lines]:
        """What is printed of a record, up to the middle of its table and after it."""
        left_out = {
            name
            for name, omitted in (
                ("IsActive", self._faults.omit_is_active),
                ("FullName", self._faults.omit_full_name),
            )
            if omitted
        }
        middle = len(elements) // 2 + 1
        first, second = (
            [one for one in half if one.name not in left_out and (not include or one.name in include)]
            for half in (elements[:middle], elements[middle:])
        )
        return self._printed(first), self._printed(second)

    def _printed(self, elements: Sequence[Element]) -> _Lines:
        """The elements that this version and edition print, at every depth, with what is inside."""
        return tuple(
            (element.name, element.kind, self._printed(element.children) if element.children else None)
            for element in elements
            if element.since <= self._version and element.country in ("", self._country)
        )

    def _elements(self, lines: list[str], elements: _Lines, values: Mapping[str, Any]) -> None:
        for name, kind, children in elements:
            value = values.get(name)
            if value is None:
                continue
            # Nearly all values are text without anything to escape.
            if type(value) is str and children is None and kind != "percent" and _NOT_PLAIN.search(value) is None:
                if value:
                    lines.append(f"<{name}>{value}</{name}>")
                continue
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, _Raw):
                    lines.append(f"<{name}>{one}</{name}>")
                elif children is None:
                    text = self._text(kind, one)
                    if text:
                        lines.append(f"<{name}>{text}</{name}>")
                else:
                    self._structure(lines, name, children, one)

    def _structure(self, lines: list[str], name: str, children: _Lines, values: Mapping[str, Any]) -> None:
        before = len(lines)
        lines.append(f"<{name}>")
        self._elements(lines, children, values)
        if len(lines) == before + 1:
            del lines[before]
        else:
            lines.append(f"</{name}>")

    def _text(self, kind: str, value: Any) -> str:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if kind == "percent" and text and self._faults.percent_sign:
            text += "%"
        return escape(text, c1=self._faults.c1_references)


class _Raw(str):
    """Text that is printed as it is."""

    __slots__ = ()


def _with_raw_text(values: Mapping[str, Any], raw_text: Mapping[tuple[str, str], str]) -> Mapping[str, Any]:
    """The values of a record with what the fault `raw_text` orders for it; a structure that is absent stays so."""
    list_id = values.get("ListID")
    changed = dict(values)
    for (ordered_for, path), text in raw_text.items():
        if ordered_for == list_id:
            changed = _placed(changed, path.split("."), _Raw(text))
    return changed


def _placed(values: Mapping[str, Any], path: Sequence[str], raw: _Raw) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {**values, name: raw}
    inner = values.get(name)
    if isinstance(inner, list):
        return {**values, name: [_placed(one, rest, raw) for one in inner]}
    return {**values, name: _placed(inner, rest, raw)} if inner else dict(values)
