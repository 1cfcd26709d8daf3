"""Which fields a query asks for, and which elements that takes.

Private fields are named ``customer.Balance``; ``customer.Custom`` stands for all custom fields,
``item.Custom.Colour`` for that one.
"""

from functools import lru_cache

from qbwc_server.qbxml.fields import Field
from qbwc_server.qbxml.lists import ListType, list_type
from qbwc_server.qbxml.versions import has

# IncludeRetElement appeared in 4.0.
LIMITING_SINCE = "4.0"
CUSTOM_FIELD = "Custom"


def allowed_custom(list_name: str, private: frozenset[str]) -> frozenset[str] | None:
    """Give the custom fields that may be published, by QuickBooks's names; None stands for all of them."""
    if f"{list_name}.{CUSTOM_FIELD}" in private:
        return None
    prefix = f"{list_name}.{CUSTOM_FIELD}."
    return frozenset(name.removeprefix(prefix) for name in private if name.startswith(prefix))


def may_be_read(list_name: str, field: Field, private: frozenset[str]) -> bool:
    """Whether the field is public or the owner publishes it."""
    if not field.private:
        return True
    if field.name == CUSTOM_FIELD:
        allowed = allowed_custom(list_name, private)
        return allowed is None or bool(allowed)
    return f"{list_name}.{field.name}" in private


def asked_fields(
    list: str,  # noqa: A002 - the word of the whole program for it
    *,
    version: str,
    private: frozenset[str] = frozenset(),
    limit_elements: bool = True,
    country: str = "US",
    volatile: bool = False,
) -> frozenset[str]:
    """Give the names of the fields that an answer to our query speaks about.

    Args:
        list: ``customer`` or ``item``.
        version: the qbXML version of the request.
        private: the private fields that the owner publishes.
        limit_elements: whether IncludeRetElement is sent; without it all that the version has comes back.
        country: QuickBooks's country (US, CA, UK, AU).
        volatile: give only what a light sweep speaks about: what moves without the record's TimeModified. ListID
            is not among it: there it tells which record it is, and is no news.
    """
    fields = _asked(list_type(list), version, private, limit_elements, country)
    return frozenset(field.name for field in fields if field.volatile or not volatile)


def elements(
    kind: ListType, *, version: str, private: frozenset[str], country: str, volatile: bool = False
) -> tuple[str, ...]:
    """Give the elements to name in IncludeRetElement, each once; empty where the version has no such element.

    A light sweep (``volatile``) names ListID and what moves. It must not name EditSequence or TimeModified: their new
    value beside old other fields would make the record look up to date.
    """
    if not has(version, LIMITING_SINCE):
        return ()
    fields = _asked(kind, version, private, limit_elements=True, country=country)
    if volatile:
        fields = (kind.field("ListID"), *(field for field in fields if field.volatile))
    return tuple(dict.fromkeys(element for field in fields for element in field.elements))


@lru_cache(maxsize=256)
def _asked(
    kind: ListType, version: str, private: frozenset[str], limit_elements: bool, country: str
) -> tuple[Field, ...]:
    limited = limit_elements and has(version, LIMITING_SINCE)
    return tuple(
        field
        for field in kind.fields
        if has(version, field.since)
        and may_be_read(kind.name, field, private)
        and not (limited and country in field.absent_in)
    )
