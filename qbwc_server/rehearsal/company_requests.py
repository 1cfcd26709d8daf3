"""The requests that the simulated company understands: their order, and list queries read into values."""

from dataclasses import dataclass, replace
from decimal import Decimal

from qbwc_server.rehearsal.company_errors import NotParsableError
from qbwc_server.rehearsal.company_request import Node, Part, Rq, check_order, structure, value
from qbwc_server.rehearsal.company_time import is_datetime
from qbwc_server.rehearsal.schema import Version

MOST_MATCHED = 2_147_483_647
_ID = value(r".{0,36}")
_ANY = value(r".*")
_NAME = value(r".{1,209}")
_AMOUNT = value(r"[+-]?\d{1,13}(\.\d{2})?")
_FOUND_BY = frozenset({"ListID", "FullName"})


def _moment(node: Node, _version: Version) -> None:
    if node.children or not is_datetime(node.text):
        raise NotParsableError(f"{node.name} is no date and time: {node.text[:40]!r}")


def _positive(node: Node, _version: Version) -> None:
    text = node.text.strip()
    if node.children or not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_MATCHED):
        raise NotParsableError(f"{node.name} is no number from 1: {node.text[:40]!r}")


def _one_of(*parts: Part) -> tuple[Part, ...]:
    names = [part.name for part in parts]
    return tuple(replace(part, rivals=frozenset(names[:index])) for index, part in enumerate(parts))


def _any_of(*parts: Part) -> Part:
    """The first of the tuple carries the name of the structure."""
    head, *inner = parts
    check = structure(*_one_of(*inner))

    def filled(node: Node, version: Version) -> None:
        check(node, version)
        if not node.children:
            raise NotParsableError(f"{node.name} is empty")

    return replace(head, check=filled)


_INCLUDE = Part("IncludeRetElement", value(r".{0,50}"), (4, 0), many=True)
_OWNER = Part("OwnerID", value(r"0|\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}"), (2, 0), many=True)


def _filter(part: Part) -> Part:
    return replace(part, rivals=part.rivals | _FOUND_BY)


_LIST_FILTERS = (
    Part("MaxReturned", _positive),
    Part("ActiveStatus", value("ActiveOnly|InactiveOnly|All")),
    Part("FromModifiedDate", _moment),
    Part("ToModifiedDate", _moment),
    Part(
        "NameFilter",
        structure(
            Part("MatchCriterion", value("StartsWith|Contains|EndsWith"), required=True),
            Part("Name", _ANY, required=True),
        ),
    ),
    Part("NameRangeFilter", structure(Part("FromName", _ANY), Part("ToName", _ANY)), rivals=frozenset({"NameFilter"})),
)
_CUSTOMER_FILTERS = (
    Part(
        "TotalBalanceFilter",
        structure(
            Part("Operator", value("LessThan(Equal)?|Equal|GreaterThan(Equal)?"), required=True),
            Part("Amount", _AMOUNT, required=True),
        ),
    ),
    _any_of(
        Part("CurrencyFilter", _ANY, (8, 0)),
        Part("ListID", _ID, many=True),
        Part("FullName", value(r".{0,64}"), many=True),
    ),
    _any_of(
        Part("ClassFilter", _ANY, (12, 0)),
        Part("ListID", _ID, many=True),
        Part("FullName", _NAME, many=True),
        Part("ListIDWithChildren", _ID),
        Part("FullNameWithChildren", _NAME),
    ),
)
_FIND = (Part("ListID", _ID, many=True), Part("FullName", _NAME, many=True, rivals=frozenset({"ListID"})))
ITEM_ORDER = (*_FIND, *(_filter(part) for part in _LIST_FILTERS), _INCLUDE, _OWNER)
CUSTOMER_ORDER = (*_FIND, *(_filter(part) for part in (*_LIST_FILTERS, *_CUSTOMER_FILTERS)), _INCLUDE, _OWNER)

HOST_ORDER = (Part("IncludeListMetaData", structure(Part("IncludeMaxCapacity", _ANY)), (6, 0)), _INCLUDE)
COMPANY_ORDER = (_INCLUDE, _OWNER)
PREFERENCES_ORDER = (_INCLUDE,)
DELETED_ORDER = (
    Part("ListDelType", value("[A-Z][A-Za-z]+"), many=True, required=True),
    Part(
        "DeletedDateRangeFilter",
        structure(Part("FromDeletedDate", _moment), Part("ToDeletedDate", _moment)),
    ),
    _INCLUDE,
)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A customer or item query, read.

    Attributes:
        list_ids, full_names: what is looked up; with either, no filter is there.
        max_returned: None is all.
        modified: the texts of FromModifiedDate and ToModifiedDate.
        name_filter: (MatchCriterion, Name).
        name_range: (FromName, ToName).
        balance: (Operator, Amount).
        currency, classes: (element name, texts).
        include: IncludeRetElement names; empty is all.
        owner_ids: upper case.
        meta_data: NoMetaData, MetaDataOnly or MetaDataAndResponseData.
        iterator: None, Start, Continue or Stop.
    """

    list_ids: tuple[str, ...] = ()
    full_names: tuple[str, ...] = ()
    max_returned: int | None = None
    active_status: str = "ActiveOnly"
    modified: tuple[str | None, str | None] = (None, None)
    name_filter: tuple[str, str] | None = None
    name_range: tuple[str, str] | None = None
    balance: tuple[str, Decimal] | None = None
    currency: tuple[str, tuple[str, ...]] | None = None
    classes: tuple[str, tuple[str, ...]] | None = None
    include: frozenset[str] = frozenset()
    owner_ids: frozenset[str] = frozenset()
    meta_data: str = "NoMetaData"
    iterator: str | None = None
    iterator_id: str | None = None

    @property
    def criteria(self) -> "ListQuery":
        """What every Continue must repeat."""
        return replace(self, iterator=None, iterator_id=None)


_QUERY_ATTRIBUTES = {"requestID": (1, 0), "metaData": (4, 0), "iterator": (5, 0), "iteratorID": (5, 0)}
_META_DATA = frozenset({"NoMetaData", "MetaDataOnly", "MetaDataAndResponseData"})
_ITERATORS = frozenset({"Start", "Continue", "Stop"})


def check_attributes(rq: Rq, version: Version, allowed: frozenset[str]) -> None:
    """Check a query's attributes against those it may have and the versions they appeared in.

    Raises:
        NotParsableError: at the first that does not fit.
    """
    for name, text in rq.attributes.items():
        if name not in allowed or _QUERY_ATTRIBUTES[name] > version:
            raise NotParsableError(f"{rq.name}Rq may not have the attribute {name}")
        if (name == "metaData" and text not in _META_DATA) or (name == "iterator" and text not in _ITERATORS):
            raise NotParsableError(f"{name} of {rq.name}Rq is {text[:40]!r}")


def read_list_query(rq: Rq, version: Version, order: tuple[Part, ...]) -> ListQuery:
    """Check and read a query for customers or items.

    Raises:
        NotParsableError: if QuickBooks would refuse the message set for it.
    """
    check_attributes(rq, version, frozenset(_QUERY_ATTRIBUTES))
    check_order(rq.body, order, version, f"{rq.name}Rq")
    single = {node.name: node for node in rq.body}
    return ListQuery(
        list_ids=_texts(rq.body, "ListID"),
        full_names=_texts(rq.body, "FullName"),
        max_returned=int(single["MaxReturned"].text) if "MaxReturned" in single else None,
        active_status=single["ActiveStatus"].text if "ActiveStatus" in single else "ActiveOnly",
        modified=(_text(single, "FromModifiedDate"), _text(single, "ToModifiedDate")),
        name_filter=_pair(single, "NameFilter", "MatchCriterion", "Name"),
        name_range=_pair(single, "NameRangeFilter", "FromName", "ToName"),
        balance=_balance(single),
        currency=_choice(single, "CurrencyFilter"),
        classes=_choice(single, "ClassFilter"),
        include=frozenset(_texts(rq.body, "IncludeRetElement")),
        owner_ids=frozenset(text.upper() for text in _texts(rq.body, "OwnerID")),
        meta_data=rq.attributes.get("metaData", "NoMetaData"),
        iterator=rq.attributes.get("iterator"),
        iterator_id=rq.attributes.get("iteratorID"),
    )


def _texts(nodes: tuple[Node, ...], name: str) -> tuple[str, ...]:
    return tuple(node.text for node in nodes if node.name == name)


def _text(single: dict[str, Node], name: str) -> str | None:
    return single[name].text if name in single else None


def _pair(single: dict[str, Node], name: str, first: str, second: str) -> tuple[str, str] | None:
    if name not in single:
        return None
    inner = {node.name: node.text for node in single[name].children}
    return inner.get(first, ""), inner.get(second, "")


def _balance(single: dict[str, Node]) -> tuple[str, Decimal] | None:
    pair = _pair(single, "TotalBalanceFilter", "Operator", "Amount")
    return None if pair is None else (pair[0], Decimal(pair[1]))


def _choice(single: dict[str, Node], name: str) -> tuple[str, tuple[str, ...]] | None:
    if name not in single:
        return None
    children = single[name].children
    return children[0].name, tuple(node.text for node in children)
