"""The lists that can be refreshed; a new one is a module here, a template and a name in LISTS."""

from typing import Final

from qbwc_server.qbxml.lists.base import ListType
from qbwc_server.qbxml.lists.customer import CUSTOMER
from qbwc_server.qbxml.lists.item import ITEM

LISTS: Final[tuple[ListType, ...]] = (CUSTOMER, ITEM)

_BY_NAME: Final = {each.name: each for each in LISTS}


def list_type(name: str) -> ListType:
    """Give the list of that name.

    Raises:
        KeyError: there is no such list.
    """
    return _BY_NAME[name]


__all__ = ["CUSTOMER", "ITEM", "LISTS", "ListType", "list_type"]
