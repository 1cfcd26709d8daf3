"""Reads a Ret element by its list's field table.

The table is compiled once per query into a dictionary from element name to handler, so that a record takes one
loop over its children; looking each field up by its path takes more than twice as long.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from qbwc_server.qbxml.asking import CUSTOM_FIELD, allowed_custom, may_be_read
from qbwc_server.qbxml.characters import Element
from qbwc_server.qbxml.errors import BadValue, UnreadableRecord
from qbwc_server.qbxml.fields import Field, Value
from qbwc_server.qbxml.lists import ListType
from qbwc_server.qbxml.record import Observation, is_identity
from qbwc_server.qbxml.structures import READERS, read_custom

_ALWAYS_TEXT: Final = ("Name", "EditSequence", "TimeCreated", "TimeModified")
# Every query asks for these, whatever else it asks for.
_ALWAYS: Final = frozenset({"ListID", "FullName", "IsActive", *_ALWAYS_TEXT})


@dataclass(slots=True)
class _Found:
    """What has been read of one record so far."""

    values: dict[str, Value] = field(default_factory=dict)
    # For a field with several places: the place its value came from.
    ranks: dict[str, int] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)


_Handler: TypeAlias = Callable[[Element, _Found], None]


class RecordReader:
    """Reads the records of one query.

    Args:
        kind: the list.
        asked: the fields asked for; others are not read.
        private: the private fields that the owner publishes; a private field that is not among them is never
            read, whatever ``asked`` says.
        volatile: whether a light sweep is read: then of what every record has nothing is read or filled in unless
            it is among ``asked``.
    """

    def __init__(
        self, kind: ListType, asked: frozenset[str], private: frozenset[str], *, volatile: bool = False
    ) -> None:
        self._kind = kind
        self.rets = kind.rets
        wanted = asked if volatile else asked | _ALWAYS
        self._asked = frozenset(
            each.name for each in kind.fields if each.name in wanted and may_be_read(kind.name, each, private)
        )
        self._volatile = volatile
        self._handlers: dict[str, dict[str, _Handler]] = {}
        self._private = private

    def read(self, ret: Element) -> Observation:
        """Read one record.

        Raises:
            UnreadableRecord: it has no ListID, or one that is longer than any of QuickBooks's.
        """
        tag = ret.tag
        handlers = self._handlers.get(tag)
        if handlers is None:
            handlers = self._handlers[tag] = self._compile(tag)
        found = _Found()
        _walk(ret, handlers, found)
        return self._observation(tag, found)

    def _observation(self, tag: str, found: _Found) -> Observation:
        values = found.values
        list_id = values.get("ListID")
        if not isinstance(list_id, str) or not is_identity(list_id):
            msg = f"a {tag} without a usable ListID"
            raise UnreadableRecord(msg)
        asked: frozenset[str] = self._asked
        warnings: tuple[str, ...] = ()
        if found.bad:
            asked, warnings = self._without_bad(found)
        if self._kind.has_types:
            _add_available(values, asked)
        if self._volatile:
            asked = _of_a_sweep(values, asked)
            return Observation(self._kind.name, list_id, tag, values, asked, warnings, tuple(found.bad))
        if self._kind.has_types:
            values["Type"] = tag.removesuffix("Ret")
        for name in _ALWAYS_TEXT:
            values.setdefault(name, "")
        values.setdefault("FullName", values["Name"])
        values.setdefault("IsActive", True)
        return Observation(self._kind.name, list_id, tag, values, asked, warnings, tuple(found.bad))

    def _without_bad(self, found: _Found) -> tuple[frozenset[str], tuple[str, ...]]:
        for name in found.bad:
            found.values.pop(name, None)
        gone = set(found.bad)
        if gone & {"QuantityOnHand", "QuantityOnSalesOrder"}:
            gone.add("QuantityAvailable")
        warnings = tuple(f"{name} {reason}" for name, reason in found.bad.items())
        return self._asked - gone, warnings

    def _compile(self, tag: str) -> dict[str, _Handler]:
        tree: dict[str, object] = {}
        for each in self._kind.fields:
            if each.name not in self._asked | {"ListID"} or (each.only and tag not in each.only):
                continue
            for rank, path in enumerate(each.paths):
                *above, leaf = path.split("/")
                place = tree
                for name in above:
                    inner = place.setdefault(name, {})
                    if not isinstance(inner, dict):
                        msg = f"the field {each.name} stands inside another field"
                        raise TypeError(msg)
                    place = inner
                place[leaf] = self._handler(each, rank)
        return _container_handlers(tree)

    def _handler(self, each: Field, rank: int) -> _Handler:
        if each.name == CUSTOM_FIELD:
            return _custom_handler(each.name, allowed_custom(self._kind.name, self._private))
        if each.type.kind == "json":
            return _list_handler(each.name, READERS[each.type.name])
        return _leaf_handler(each, rank) if len(each.paths) == 1 else _ranked_handler(each, rank)


def _walk(element: Element, handlers: Mapping[str, _Handler], found: _Found) -> None:
    for child in element:
        handler = handlers.get(child.tag)
        if handler is not None:
            handler(child, found)


def _container_handlers(tree: Mapping[str, object]) -> dict[str, _Handler]:
    handlers: dict[str, _Handler] = {}
    for tag, inner in tree.items():
        if isinstance(inner, dict):
            handlers[tag] = _container_handler(_container_handlers(inner))
        elif callable(inner):
            handlers[tag] = inner
    return handlers


def _container_handler(handlers: Mapping[str, _Handler]) -> _Handler:
    def handle(element: Element, found: _Found) -> None:
        _walk(element, handlers, found)

    return handle


def _leaf_handler(each: Field, _rank: int) -> _Handler:
    name, parse = each.name, each.type.parse

    def handle(element: Element, found: _Found) -> None:
        text = element.text
        if not text or name in found.values:
            return
        try:
            value = parse(text)
        except BadValue as error:
            # Blanks alone are no value, of whatever type.
            if not text.isspace():
                found.bad[name] = str(error)
            return
        if value != "":
            found.values[name] = value

    return handle


def _ranked_handler(each: Field, rank: int) -> _Handler:
    name, parse = each.name, each.type.parse

    def handle(element: Element, found: _Found) -> None:
        text = element.text
        if not text or found.ranks.get(name, rank + 1) <= rank:
            return
        try:
            value = parse(text)
        except BadValue as error:
            # Blanks alone are no value, of whatever type.
            if not text.isspace():
                found.bad[name] = str(error)
            return
        if value != "":
            found.values[name] = value
            found.ranks[name] = rank

    return handle


def _list_handler(name: str, read: Callable[[Element], dict[str, str | bool]]) -> _Handler:
    def handle(element: Element, found: _Found) -> None:
        try:
            line = read(element)
        except BadValue as error:
            found.bad[name] = str(error)
            return
        lines = found.values.setdefault(name, [])
        if line and isinstance(lines, list):
            lines.append(line)

    return handle


def _custom_handler(name: str, allowed: frozenset[str] | None) -> _Handler:
    def handle(element: Element, found: _Found) -> None:
        pair = read_custom(element, allowed)
        if pair is None:
            return
        custom = found.values.setdefault(name, {})
        if isinstance(custom, dict):
            custom.setdefault(*pair)

    return handle


def _add_available(values: dict[str, Value], asked: frozenset[str]) -> None:
    on_hand, on_orders = values.get("QuantityOnHand"), values.get("QuantityOnSalesOrder")
    if "QuantityAvailable" in asked and isinstance(on_hand, Decimal) and isinstance(on_orders, Decimal):
        values["QuantityAvailable"] = on_hand - on_orders


def _of_a_sweep(values: dict[str, Value], asked: frozenset[str]) -> frozenset[str]:
    """Leave only what was asked for; a type of record without a FullName was not asked for one."""
    if "ListID" not in asked:
        del values["ListID"]
    return asked if "FullName" in values else asked - {"FullName"}
