"""An installation with its companies, and a Web Connector that is driven call by call, without HTTP."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from qbwc_server.conversation import Conversation, Manner
from qbwc_server.publish.website import Website
from qbwc_server.publishing import Publisher
from qbwc_server.refreshing import Refresh, Refreshing, Wish
from qbwc_server.rehearsal.company import RequestProcessorError, SimulatedCompany, SimulatedCrash, sample_company
from qbwc_server.rhythm import Place
from qbwc_server.store import companies, installation, pauses, tables
from qbwc_server.store.database import Database

PARSE_ERROR = "0x80040400"


@dataclass(frozen=True, slots=True)
class Caller:
    address: str = "192.0.2.7"
    user_agent: str = "MS Web Services Client Protocol"


@dataclass(frozen=True, slots=True)
class Books:
    """A company, its Web Connector password, and the QuickBooks that has it open."""

    name: str
    password: str
    owner_id: str
    file_id: str
    quickbooks: SimulatedCompany

    def list_ids(self, list_name: str, count: int | None = None) -> list[str]:
        records = self.quickbooks.customers() if list_name == "customer" else self.quickbooks.items()
        return [str(one["ListID"]) for one in records[:count]]


class Office:
    """Our server's inside: database, website and what works on them."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        language: str = "en",
        private: frozenset[str] = frozenset(),
        place: Place | None = None,
    ) -> None:
        self.folder = folder
        self.database = Database(url)
        tables.metadata.create_all(self.database.engine, checkfirst=False)
        with self.database.write() as connection:
            stream = installation.begin(connection, datetime.now(UTC))
        self.website = Website(f"sqlite:///{folder / 'site.db'}", stream, private)
        self.website.install()
        self.accepted = 0
        self.conversation = Conversation(self.database, self._woken, Manner(language, private, place))
        self.publisher = Publisher(self.database, self.website)
        self.refreshing = Refreshing(self.database, self.website)

    def _woken(self) -> None:
        self.accepted += 1

    def close(self) -> None:
        self.database.close()
        self.website.close()

    def add(self, name: str = "acme", *, customers: int = 12, items: int = 16, country: str = "US") -> Books:
        with self.database.write() as connection:
            company, password = companies.add(
                connection, name, title=None, user_name=None, company_file=None, now=datetime.now(UTC)
            )
        quickbooks = sample_company(country, customers=customers, items=items)
        quickbooks.register(company.owner_id, company.file_id)
        return Books(name, password, company.owner_id, company.file_id, quickbooks)

    # What people do.

    def ask(self, books: Books, list_name: str, way: str, *values: str, by: str = "anna") -> list[Refresh]:
        wishes = [Wish(books.name, list_name, way, value) for value in values or ("",)]
        return [one.refresh for one in self.refreshing.ask(wishes, by)]

    def ask_one(self, books: Books, list_name: str, way: str, value: str = "", *, by: str = "anna") -> Refresh:
        return self.ask(books, list_name, way, value, by=by)[0]

    def get(self, refresh: Refresh) -> Refresh:
        return self.refreshing.get(refresh.id)

    def states(self, refreshes: list[Refresh]) -> list[str]:
        return [self.get(one).state for one in refreshes]

    def outcomes(self, refreshes: list[Refresh]) -> list[str | None]:
        return [self.get(one).outcome for one in refreshes]

    # What the Web Connector does.

    def answered(self, books: Books, list_id: str, list_name: str = "customer") -> Refresh:
        """Return a refresh whose answer is accepted, and nothing published yet."""
        asked = self.ask_one(books, list_name, "list_id", list_id)
        self.visit(books).to_the_end()
        assert self.get(asked).state == "answered"
        return asked

    def until_somebody_waits(self) -> None:
        """Wait until a connection of PostgreSQL waits for what another holds."""
        waiting = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        until = time.monotonic() + 10
        while True:
            with self.database.read() as connection:
                if connection.execute(waiting).scalar_one():
                    return
            assert time.monotonic() < until, "nobody came to wait"
            time.sleep(0.02)

    def on_website(self, statement: str, **values: object) -> None:
        """Change one row of the website's database behind the server's back."""
        with self.website.engine.begin() as connection:
            assert connection.execute(sa.text(statement), values).rowcount == 1

    def visit(self, books: Books) -> "Visit":
        return Visit(self, books)

    def run(self, books: Books) -> "Visit":
        """A whole honest visit, and what it brought is published."""
        visit = self.visit(books)
        visit.to_the_end()
        self.publish()
        return visit

    def publish(self) -> None:
        while self.publisher.run_once():
            pass

    # What tests see and do behind everybody's back.

    def rows(self, table: sa.Table, *where: Any) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(sa.select(table).where(*where))]

    def count(self, table: sa.Table, *where: Any) -> int:
        return len(self.rows(table, *where))

    def company(self, books: Books) -> companies.Company:
        with self.database.read() as connection:
            return companies.get(connection, books.name)

    def change_company(self, books: Books, **values: object) -> None:
        with self.database.write() as connection:
            companies.change(connection, books.name, **values)

    def pause(self, books: Books, *, paused: bool) -> None:
        with self.database.write() as connection:
            if paused:
                pauses.pause(connection, books.name, by="ada", now=self.database.now(connection))
            else:
                pauses.resume(connection, books.name)

    def let_pass(self, minutes: float) -> None:
        """Every visit's last call was that much longer ago."""
        with self.database.write() as connection:
            rows = connection.execute(sa.select(tables.visits)).all()
            for row in rows:
                connection.execute(
                    tables.visits.update()
                    .where(tables.visits.c.company == row.company, tables.visits.c.visit == row.visit)
                    .values(last_call_at=row.last_call_at - timedelta(minutes=minutes))
                )

    def raw(self) -> bytes:
        """Everything that our database holds, as bytes."""
        if self.database.is_sqlite:
            with self.database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.db*")) if path.name != "site.db")
        return repr([self.rows(table) for table in tables.metadata.sorted_tables]).encode()


@dataclass(slots=True)
class Visit:
    """One QBWC session; `log` holds its calls and answers in order."""

    office: Office
    books: Books
    ticket: str = ""
    status: str = ""
    round_trips: int = 0
    sentence: str = ""
    log: list[tuple[str, object]] = field(default_factory=list)
    _greeted: bool = False

    def __post_init__(self) -> None:
        answer = self.office.conversation.authenticate(self.books.name, self.books.password, Caller())
        self.ticket, self.status = answer[0], answer[1]
        self._note("authenticate", self.status)
        if self.works:
            self.books.quickbooks.begin_session()

    @property
    def works(self) -> bool:
        return self.status not in ("none", "nvu", "busy")

    def _note(self, call: str, answer: object) -> None:
        self.log.append((call, answer))

    def send(self, *, hcp: str | None = None, path: str | None = None) -> str:
        quickbooks = self.books.quickbooks
        told = ("" if self._greeted else quickbooks.hcp_response()) if hcp is None else hcp
        self._greeted = True
        text = self.office.conversation.send_request(
            self.ticket, told, quickbooks.path if path is None else path, quickbooks.country, 13, 0
        )
        self._note("send", bool(text))
        return text

    def answer(self, request: str) -> tuple[str, str]:
        """Let QuickBooks answer; (response, hresult)."""
        try:
            return self.books.quickbooks.process(request), ""
        except RequestProcessorError as problem:
            return "", problem.hresult

    def receive(self, response: str, hresult: str = "", message: str = "") -> int:
        body = io.BytesIO(response.encode())
        number = self.office.conversation.receive_response(self.ticket, body, hresult, message)
        self._note("receive", number)
        return number

    def error(self) -> str:
        self.sentence = self.office.conversation.get_last_error(self.ticket)
        self._note("error", self.sentence)
        return self.sentence

    def fail(self, hresult: str) -> str:
        answer = self.office.conversation.connection_error(self.ticket, hresult, "QuickBooks said something")
        self._note("connection error", answer)
        return answer

    def close(self) -> str:
        answer = self.office.conversation.close_connection(self.ticket)
        self._note("close", answer)
        return answer

    def step(self) -> int | None:
        """One round trip; the number, or None when nothing was handed out."""
        request = self.send()
        if not request:
            return None
        self.round_trips += 1
        return self.receive(*self.answer(request))

    def waits(self) -> bool:
        """Let sendRequestXML find nothing; whether getLastError then says to wait and ask again."""
        assert self.send() == ""
        return self.error() == "NoOp"

    def to_the_end(self, *, most: int = 300) -> None:
        """Go on as QBWC does, but without its waits, up to and with the last call."""
        if self.works:
            for _ in range(most):
                number = self.step()
                if number is None and self.error() == "NoOp":
                    continue
                if number is None:
                    break
                if number < 0:
                    self.error()
                    break
                if number == 100:
                    break
            else:
                raise AssertionError(f"the visit did not end within {most} round trips")
        self.close()
        self.books.quickbooks.end_session()

    def crash(self) -> bool:
        """Go on until QuickBooks dies and the connector with it; False when it did not."""
        for _ in range(300):
            request = self.send()
            if not request:
                return False
            self.round_trips += 1
            try:
                number = self.receive(*self.answer(request))
            except SimulatedCrash:
                self.books.quickbooks.end_session()
                return True
            if number < 0 or number == 100:
                return False
        raise AssertionError("neither a crash nor an end")


@contextmanager
def office_at(
    url: str,
    folder: Path,
    *,
    language: str = "en",
    private: frozenset[str] = frozenset(),
    place: Place | None = None,
) -> Iterator[Office]:
    """An office that is closed again."""
    office = Office(url, folder, language=language, private=private, place=place)
    try:
        yield office
    finally:
        office.close()


def request_ids(text: str) -> list[str]:
    """The requestIDs in a qbXML text."""
    return [part.partition('"')[0] for part in text.split('requestID="')[1:]]


def only(predicate: Callable[[Refresh], bool], refreshes: list[Refresh]) -> list[Refresh]:
    return [one for one in refreshes if predicate(one)]
