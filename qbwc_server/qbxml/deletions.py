"""Reads what QuickBooks says was deleted.

Source: qbXML SDK facts, "ListDeletedQueryRq" and "ListDeletedRet".
"""

from dataclasses import dataclass
from typing import Final

from qbwc_server.qbxml.characters import Element, tidy
from qbwc_server.qbxml.errors import UnreadableRecord
from qbwc_server.qbxml.lists import ListType
from qbwc_server.qbxml.record import is_identity

DELETED_RET: Final = "ListDeletedRet"


@dataclass(frozen=True, slots=True)
class Deletion:
    """A record that QuickBooks says was deleted.

    Attributes:
        list: the list's name, ``customer`` or ``item``.
        list_id: QuickBooks's identity of the record within the list of one company file.
        type: its ListDelType, ``ItemService``.
        time_deleted: when, in QuickBooks's own text; empty where it does not say.
        full_name: its last name, where QuickBooks says it.
    """

    list: str
    list_id: str
    type: str
    time_deleted: str
    full_name: str | None


class DeletionReader:
    """Reads the deletions of one list.

    Args:
        kind: the list.
    """

    def __init__(self, kind: ListType) -> None:
        self._kind = kind
        self.rets: tuple[str, ...] = (DELETED_RET,)

    def read(self, ret: Element) -> Deletion:
        """Read one ListDeletedRet.

        Raises:
            UnreadableRecord: it has no usable ListID, or is of no type of this list: ListIDs are unique within one
                list only.
        """
        found: dict[str, str] = {}
        for child in ret:
            found.setdefault(child.tag, tidy(child.text or ""))
        list_id, kind = found.get("ListID", ""), found.get("ListDelType", "")
        if not is_identity(list_id):
            msg = f"a {DELETED_RET} without a usable ListID"
            raise UnreadableRecord(msg)
        if kind not in self._kind.deleted:
            msg = f"a {DELETED_RET} of a type that no {self._kind.name} has"
            raise UnreadableRecord(msg)
        return Deletion(self._kind.name, list_id, kind, found.get("TimeDeleted", ""), found.get("FullName") or None)
