"""An office that goes on working while its server is killed, and remembers what must have come of it.

It changes records in a simulated QuickBooks, asks for them, lets the Web Connector come by, and keeps a ledger of every
change that is to be seen exactly once. `verify` then compares the ledger with both databases, looked at from outside.
"""

import json
import random
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from real_server import FINAL, Account, RealServer, ServerGone
from website_columns import COLUMNS, TABLES, first, plain

from qbwc_server.rehearsal.company import SimulatedCompany
from qbwc_server.rehearsal.connector import VisitReport

PATIENCE = 30.0
NOBODY = "80FFFFFF-1999999999"
_ADDED = ("Nouveau client ", "Walk-in ")


@dataclass(slots=True)
class Wish:
    """Something to ask for, and the outcome of each refresh it makes."""

    list: str
    body: dict[str, object]
    outcomes: tuple[frozenset[str], ...]
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A change row that must be there once: its kind, and for an update the new value of its one field."""

    kind: str
    after: str | None = None


class Office:
    """One company, its people, its Web Connector, and the ledger.

    Args:
        server: installed, not running.
        company: its simulated QuickBooks.
        seed: of all random choices.
    """

    def __init__(self, server: RealServer, company: SimulatedCompany, seed: int, name: str = "acme") -> None:
        self.server = server
        self.company = company
        self.account: Account = server.add_company(name, company)
        self.connector = server.connector(self.account, company)
        self.random = random.Random(seed)
        self.ledger: dict[tuple[str, str], list[Seen]] = {}
        self.asked: dict[int, frozenset[str]] = {}
        self.gone: dict[str, set[str]] = {"customer": set(), "item": set()}
        self._published_at: dict[tuple[str, str], object] = {}
        self._number = 0

    # --- people in the office ---

    def everything(self) -> list[Wish]:
        """Wish for both lists as they stand; the first time, each record is new."""
        for list_name in COLUMNS:
            for list_id in self._living(list_name):
                self.ledger.setdefault((list_name, list_id), [Seen("created")])
        whole = (frozenset({"inserted", "unchanged", "updated", "mixed"}),)
        return [Wish(list_name, {"scope": "all"}, whole) for list_name in COLUMNS]

    def day(self, *, whole: bool) -> list[Wish]:
        """Change some records in QuickBooks, and wish for them and for others; with `whole` for all customers too."""
        self._number += 1
        customers = self.random.sample(self._old_customers(), 5)
        items = self.random.sample(self._changeable_items(), 3)
        new = self.company.add("customer", "Customer", Name=f"Nouveau client {self._number}", Phone="555-0100")
        self.ledger["customer", new] = [Seen("created")]
        self._change("customer", customers[0], "Phone")
        self._change("customer", customers[1], "Phone")
        self._change("customer", customers[3], "Email")
        self._change("item", items[0], "SalesDesc")
        named = str(self.company.view("customer", customers[3])["FullName"])
        wishes = [
            _wish("customer", list_ids=[customers[0], customers[2], customers[1], new]).expecting(
                "updated", "unchanged", "updated", "inserted"
            ),
            _wish("customer", full_name=named).expecting("updated"),
            _wish("item", list_ids=[items[1], items[0]]).expecting("unchanged", "updated"),
            _wish("customer", list_id=NOBODY).expecting("not_found"),
            _wish("item", find=str(self.company.view("item", items[2])["Name"])[:20]).expecting("unchanged"),
        ]
        leaf = self._leaf()
        if leaf is not None:
            self._delete(leaf)
            wishes.append(_wish("customer", list_id=leaf).expecting("deleted"))
        if whole:
            wishes.append(self._whole_list())
        return wishes

    def _whole_list(self) -> Wish:
        """Wish for all customers, one of whom nobody has asked for by itself."""
        new = self.company.add("customer", "Customer", Name=f"Walk-in {self._number}", Email="walk-in@mail.example")
        self.ledger["customer", new] = [Seen("created")]
        leaf = self._leaf()
        if leaf is not None:
            self._delete(leaf)
        whole = frozenset({"mixed", "unchanged", "inserted", "updated", "deleted"})
        return Wish("customer", {"scope": "all"}, (whole,))

    def _change(self, list_name: str, list_id: str, element: str) -> None:
        value = f"{element} {self._number}"[:20]
        elements: dict[str, Any] = {element: value}
        self.company.change(list_name, list_id, **elements)
        self.ledger[list_name, list_id].append(Seen("updated", value))

    def _delete(self, list_id: str) -> None:
        self.company.delete("customer", list_id)
        self.gone["customer"].add(list_id)
        self.ledger["customer", list_id].append(Seen("deleted"))

    def _living(self, list_name: str) -> list[str]:
        found = self.company.customers() if list_name == "customer" else self.company.items()
        return [str(one["ListID"]) for one in found]

    def _old_customers(self) -> list[str]:
        """Those that no round added, and none will delete."""
        found = self.company.customers()
        return [str(one["ListID"]) for one in found if not str(one["Name"]).startswith(_ADDED)]

    def _changeable_items(self) -> list[str]:
        return [str(one["ListID"]) for one in self.company.items() if one["Type"] == "ItemInventory"]

    def _leaf(self) -> str | None:
        """A customer that was added by a round before this one, and so has no jobs."""
        old = [
            str(one["ListID"])
            for one in self.company.customers()
            if str(one["Name"]).startswith(_ADDED) and not str(one["Name"]).endswith(f" {self._number}")
        ]
        return self.random.choice(old) if old else None

    # --- what they do ---

    def ask(self, wish: Wish) -> None:
        """Ask; a wish whose answer got lost may be asked again, with the same key.

        Raises:
            ServerGone
        """
        asked = self.server.ask(self.account.company, wish.list, key=wish.key, **wish.body)
        wish.ids = tuple(one["id"] for one in asked)
        assert len(wish.ids) == len(wish.outcomes)
        self.asked.update(zip(wish.ids, wish.outcomes, strict=True))

    def work(self, wishes: list[Wish]) -> None:
        """Ask for everything, let the Web Connector come by, and wait a while; stops where the server dies."""
        end = time.monotonic() + PATIENCE
        try:
            for wish in wishes:
                self.ask(wish)
            self.connector.visit()
            open_ids = [one for wish in wishes for one in wish.ids]
            while open_ids and self.server.is_running and time.monotonic() < end:
                open_ids = [one for one in open_ids if self.server.refresh(one)["state"] not in FINAL]
                time.sleep(0.01)
        except ServerGone:
            if not self.server.has_died(5.0):
                raise

    def recover(self, wishes: list[Wish]) -> VisitReport:
        """What happens by itself once the server runs again: lost asks are repeated, the connector comes by once.

        Raises:
            ServerGone
        """
        for wish in wishes:
            if not wish.ids:
                self.ask(wish)
        report = self.connector.visit()
        assert report.violations == ()
        return report

    # --- what must be true then ---

    def verify(self, wishes: list[Wish]) -> None:
        """Compare everything that was acknowledged with what there is."""
        found = {one["id"]: one for one in self.server.final([one for wish in wishes for one in wish.ids])}
        wrong = [
            (one["id"], one["list"], wish.body, one["state"], one["outcome"], one["error"], sorted(expected))
            for wish in wishes
            for one, expected in zip((found[each] for each in wish.ids), wish.outcomes, strict=True)
            if one["state"] != "published" or one["outcome"] not in expected
        ]
        assert wrong == []
        self._verify_queue()
        for list_name in COLUMNS:
            self._verify_website(list_name)
        self._verify_changes()
        self._verify_publish_state()
        assert self.company.write_attempts == []
        assert self.company.refusals == []

    def _verify_queue(self) -> None:
        rows = self.server.ours("SELECT id, state FROM refreshes WHERE company = :c", c=self.account.company)
        assert {row["id"] for row in rows} == set(self.asked), "a refresh was lost or doubled"
        assert [row for row in rows if row["state"] != "published"] == []
        assert self.server.ours("SELECT * FROM outbox WHERE company = :c", c=self.account.company) == []

    def _verify_website(self, list_name: str) -> None:
        rows = self.server.website(f"SELECT * FROM {TABLES[list_name]} WHERE company = :c", c=self.account.company)  # noqa: S608
        shown = {row["list_id"]: row for row in rows}
        living = {}
        for record in self.company.customers() if list_name == "customer" else self.company.items():
            living[str(record["ListID"])] = {
                column: first(record, paths) for column, paths in COLUMNS[list_name].items()
            }
        assert set(shown) == set(living) | self.gone[list_name]
        for list_id, expected in living.items():
            row = shown[list_id]
            assert {column: plain(row[column]) for column in expected} == expected
            assert not row["is_deleted"]
        assert all(shown[list_id]["is_deleted"] for list_id in self.gone[list_name])
        for list_id, row in shown.items():
            self._verify_published_once(list_name, list_id, row)

    def _verify_published_once(self, list_name: str, list_id: str, row: dict[str, Any]) -> None:
        """A row's `published_at` moves only when something of it did."""
        values = {name: value for name, value in row.items() if name != "published_at"}
        before = self._published_at.get((list_name, list_id))
        if isinstance(before, tuple) and before[0] == values:
            assert before[1] == row["published_at"]
        self._published_at[list_name, list_id] = (values, row["published_at"])

    def _verify_changes(self) -> None:
        query = "SELECT list, list_id, kind, fields FROM changes WHERE company = :c ORDER BY seq"
        seen: dict[tuple[str, str], list[Seen]] = {}
        for row in self.server.ours(query, c=self.account.company):
            fields = json.loads(row["fields"]) if isinstance(row["fields"], str) else row["fields"]
            after = None
            if row["kind"] == "updated":
                assert len(fields) == 1, fields
                after = fields[0]["after"]
            seen.setdefault((row["list"], row["list_id"]), []).append(Seen(row["kind"], after))
        assert seen == self.ledger

    def _verify_publish_state(self) -> None:
        company = self.account.company
        stream = self.server.ours("SELECT stream_id FROM installation")[0]["stream_id"]
        records = self.server.ours("SELECT list, list_id, seq FROM records WHERE company = :c", c=company)
        states = self.server.website("SELECT * FROM qbwc_publish_state WHERE company = :c", c=company)
        assert {(row["list"], row["list_id"]): row["seq"] for row in states} == {
            (row["list"], row["list_id"]): row["seq"] for row in records
        }
        assert {row["stream_id"] for row in states} == {stream}
        counter = self.server.ours("SELECT seq FROM companies WHERE company = :c", c=company)[0]["seq"]
        assert counter >= max(row["seq"] for row in records)


@dataclass(frozen=True, slots=True)
class _Half:
    list: str
    body: dict[str, object]

    def expecting(self, *outcomes: str) -> Wish:
        return Wish(self.list, self.body, tuple(frozenset({one}) for one in outcomes))


def _wish(list_name: str, **body: object) -> _Half:
    return _Half(list_name, body)
