"""A busy day at the office: random edits of a list, the same for the same generator of numbers.

Each edit picks a kind, then a record that QuickBooks would let somebody do it to; where none is found in a few tries
(nothing to revive, say) another kind is picked.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from qbwc_server.rehearsal.company_errors import WrongSampleDataError
from qbwc_server.rehearsal.company_office import Office
from qbwc_server.rehearsal.company_records import Record, RecordList
from qbwc_server.rehearsal.schema_items import WITHOUT_FULL_NAME

_TRIES = 20
_DEEPEST = 3
_NAMES = ("Ébénisterie", "O'Hara & fils", "Northside", "Cœur de chêne", "Depot", "Atelier «B»", "Hill <2>")
_NUMBERS = 1_000_000
# It cannot do without a date and a description.
_NEVER_ADDED = {"ItemFixedAsset"}


class EditKind(Enum):
    """What was done to a record."""

    CHANGE = "change"
    RENAME = "rename"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    DELETE = "delete"
    REVIVE = "revive"
    MERGE = "merge"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.

    Attributes:
        kind: what was done.
        list_name: `customer` or `item`.
        list_id: the record it was done to; of a merge, the one that vanished.
        survivor_id: of a merge, the record that stays.
        reported: of a merge, whether ListDeletedQuery tells of it.
    """

    kind: EditKind
    list_name: str
    list_id: str
    survivor_id: str = ""
    reported: bool = True


def edit_at_random(office: Office, records: RecordList, rng: random.Random, count: int) -> list[Edit]:
    """Make random edits: see `SimulatedCompany.edit_at_random`.

    Args:
        office: where people make them.
        records: the list of that office to edit.
        rng: the same one, in the same state, gives the same edits to the same list at the same time.
        count: how many.

    Returns:
        What was done, in order.

    Raises:
        WrongSampleDataError: if nothing can be found that could be edited.
    """
    clerk = _Clerk(office, records, rng)
    return [clerk.edit() for _ in range(count)]


class _Clerk:
    """One who edits: each maker of an edit returns None, or raises WrongSampleDataError, if it finds no record."""

    def __init__(self, office: Office, records: RecordList, rng: random.Random) -> None:
        self._office = office
        self._records = records
        self._list_name = records.name
        self._rng = rng
        # Picked from by number; those that are gone meanwhile are passed over.
        self._list_ids = [record.list_id for record in self._records]
        self._makers: dict[EditKind, Callable[[], Edit | None]] = {
            EditKind.CHANGE: self._change,
            EditKind.RENAME: self._rename,
            EditKind.DEACTIVATE: lambda: self._activate(EditKind.DEACTIVATE),
            EditKind.REACTIVATE: lambda: self._activate(EditKind.REACTIVATE),
            EditKind.DELETE: self._delete,
            EditKind.REVIVE: self._revive,
            EditKind.MERGE: self._merge,
            EditKind.ADD: self._add,
        }

    def edit(self) -> Edit:
        for _ in range(_TRIES):
            make = self._makers[self._rng.choice(list(EditKind))]
            try:
                done = make()
            except WrongSampleDataError:  # a name is taken, a parent is gone, or QuickBooks would not merge the two
                continue
            if done is not None:
                return done
        message = f"the simulated {self._list_name} list has nothing left to edit"
        raise WrongSampleDataError(message)

    def _pick(self, fits: Callable[[Record], bool] = lambda _: True) -> Record | None:
        for _ in range(_TRIES if self._list_ids else 0):
            record = self._records.get(self._rng.choice(self._list_ids))
            if record is not None and fits(record):
                return record
        return None

    def _done(self, kind: EditKind, list_id: str) -> Edit:
        return Edit(kind, self._list_name, list_id)

    def _new_name(self) -> str:
        return f"{self._rng.choice(_NAMES)} {self._rng.randrange(_NUMBERS)}"

    def _change(self) -> Edit | None:
        record = self._pick()
        if record is None:
            return None
        number = self._rng.randrange(_NUMBERS)
        if record.ret == "Customer":
            choices: tuple[dict[str, Any], ...] = (
                {"Phone": f"555-{number}"},
                {"Notes": f"Rappeler à {number} h,\nchez « lui »"},
                {"BillAddress": {"City": f"Lévis {number}"}},
                {"Email": None},
            )
        else:
            choices = ({"BarCodeValue": str(number)}, {"BarCodeValue": None})
        self._office.change(self._list_name, record.list_id, **self._rng.choice(choices))
        return self._done(EditKind.CHANGE, record.list_id)

    def _rename(self) -> Edit | None:
        wants_parent = self._rng.random() < 0.5  # noqa: PLR2004 - half of them
        record = (self._pick(self._has_children) if wants_parent else None) or self._pick()
        if record is None:
            return None
        self._office.rename(self._list_name, record.list_id, self._new_name())
        return self._done(EditKind.RENAME, record.list_id)

    def _activate(self, kind: EditKind) -> Edit | None:
        active = kind is EditKind.REACTIVATE
        record = self._pick(lambda one: one.is_active != active)
        if record is None:
            return None
        self._office.change(self._list_name, record.list_id, IsActive=active)
        return self._done(kind, record.list_id)

    def _delete(self) -> Edit | None:
        record = self._pick(lambda one: not self._has_children(one))
        if record is None:
            return None
        self._office.delete(self._list_name, record.list_id)
        return self._done(EditKind.DELETE, record.list_id)

    def _revive(self) -> Edit | None:
        gone = self._records.gone
        if not gone:
            return None
        list_id = self._rng.choice(gone)
        self._office.revive(self._list_name, list_id)
        self._list_ids.append(list_id)
        return self._done(EditKind.REVIVE, list_id)

    def _merge(self) -> Edit | None:
        loser = self._pick()
        if loser is None:
            return None
        # Nothing may come to lie deeper than QuickBooks allows.
        survivor = self._pick(lambda one: one.ret == loser.ret and one.sublevel <= loser.sublevel)
        if survivor is None:
            return None
        reported = self._rng.random() < 0.5  # noqa: PLR2004 - half of them
        self._office.merge(self._list_name, loser.list_id, survivor.list_id, reported=reported)
        return Edit(EditKind.MERGE, self._list_name, loser.list_id, survivor.list_id, reported)

    def _add(self) -> Edit | None:
        ret = self._rng.choice(sorted(self._records.tables.keys() - _NEVER_ADDED))
        parent = None
        if ret not in WITHOUT_FULL_NAME and self._rng.random() < 0.5:  # noqa: PLR2004 - half of them
            parent = self._pick(lambda one: one.ret == ret and one.sublevel < _DEEPEST)
        name = self._new_name()
        list_id = self._office.add(
            self._list_name, ret, Name=name, ParentRef=None if parent is None else parent.list_id
        )
        self._list_ids.append(list_id)
        return self._done(EditKind.ADD, list_id)

    def _has_children(self, record: Record) -> bool:
        return bool(self._records.children(record.list_id))
