"""Reads a Ret element by its list's field table.

Theory of operation
-------------------
A whole list is tens of thousands of records of some fifty elements each, so what is done for each element counts. The
field table is compiled once per query and type of record into a `_Plan` for each element that holds others: what to
do with a child, by its name. Reading a record is then one loop over its children; a leaf, which nearly all of them
are, is read in the loop itself, without a call of its own but that of its type's parser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
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


# A leaf's field, its parser, and its rank among the places where the field may stand: 0 is preferred.
_Leaf: TypeAlias = tuple[str, Callable[[str], Value], int]
_Handler: TypeAlias = Callable[[Element, _Found], None]


@dataclass(slots=True)
class _Plan:
    """What to do with the children of an element, by their names; all others are passed over."""

    leaves: dict[str, _Leaf] = field(default_factory=dict)
    inner: dict[str, "_Plan"] = field(default_factory=dict)
    # Structures, which repeat and become one value.
    whole: dict[str, _Handler] = field(default_factory=dict)


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
        self._plans: dict[str, _Plan] = {}
        self._private = private

    def read(self, ret: Element, marks: Mapping[str, str | None] = MappingProxyType({})) -> Observation:
        """Read one record; its mark, which is looked up by its ListID, is kept with it.

        Raises:
            UnreadableRecord: it has no ListID, or one that is longer than any of QuickBooks's.
        """
        tag = ret.tag
        plan = self._plans.get(tag)
        if plan is None:
            plan = self._plans[tag] = self._compile(tag)
        found = _Found()
        _walk(ret, plan, found)
        return self._observation(tag, found, marks)

    def _observation(self, tag: str, found: _Found, marks: Mapping[str, str | None]) -> Observation:
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
        # What could not be read is tried again, and told again.
        mark = None if found.bad else marks.get(list_id)
        return Observation(self._kind.name, list_id, tag, values, asked, warnings, tuple(found.bad), mark)

    def _without_bad(self, found: _Found) -> tuple[frozenset[str], tuple[str, ...]]:
        for name in found.bad:
            found.values.pop(name, None)
        gone = set(found.bad)
        if gone & {"QuantityOnHand", "QuantityOnSalesOrder"}:
            gone.add("QuantityAvailable")
        warnings = tuple(f"{name} {reason}" for name, reason in found.bad.items())
        return self._asked - gone, warnings

    def _compile(self, tag: str) -> _Plan:
        top = _Plan()
        wanted = self._asked | {"ListID"}
        for each in self._kind.fields:
            if each.name not in wanted or (each.only and tag not in each.only):
                continue
            for rank, path in enumerate(each.paths):
                *above, leaf = path.split("/")
                plan = top
                for name in above:
                    plan = plan.inner.setdefault(name, _Plan())
                if each.type.kind == "json":
                    plan.whole[leaf] = self._handler(each)
                else:
                    plan.leaves[leaf] = (each.name, each.type.parse, rank)
        return top

    def _handler(self, each: Field) -> _Handler:
        if each.name == CUSTOM_FIELD:
            return _custom_handler(each.name, allowed_custom(self._kind.name, self._private))
        return _list_handler(each.name, READERS[each.type.name])


def _walk(element: Element, plan: _Plan, found: _Found) -> None:
    values, ranks, leaves = found.values, found.ranks, plan.leaves
    for child in element:
        tag = child.tag
        leaf = leaves.get(tag)
        if leaf is None:
            if tag in plan.inner:
                _walk(child, plan.inner[tag], found)
            elif tag in plan.whole:
                plan.whole[tag](child, found)
            continue
        name, parse, rank = leaf
        text = child.text
        # The better place counts, and of two elements in the same place the first.
        if not text or (name in values and ranks.get(name, 0) <= rank):
            continue
        try:
            value = parse(text)
        except BadValue as error:
            # Blanks alone are no value, of whatever type.
            if not text.isspace():
                found.bad[name] = str(error)
            continue
        if value != "":
            values[name] = value
            if rank or name in ranks:
                ranks[name] = rank


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
