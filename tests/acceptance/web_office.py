"""A whole server for the tests of the pages, with a simulated QuickBooks, and a small browser without JavaScript."""

import http.cookiejar
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from qbwc_server.app import Application, build_app
from qbwc_server.cli.demo_office import Office
from qbwc_server.cli.installing import install
from qbwc_server.cli.serving import Server, listen
from qbwc_server.refreshing import Refresh, Wish
from qbwc_server.settings import load_settings
from qbwc_server.store import tables, users

PASSWORD = "correct horse"
PEOPLE = {"vera": "viewer", "marie": "operator", "omar": "operator", "ada": "admin"}
SECONDS = 20.0


@dataclass(slots=True)
class WebOffice:
    """The running server, the simulated QuickBooks and its Web Connector."""

    app: Application
    office: Office
    url: str
    company: str = field(init=False)

    def __post_init__(self) -> None:
        self.company = self.office.company

    def visit(self) -> None:
        """Let the Web Connector call once."""
        self.office.connector.visit()

    def ask(self, list_name: str, way: str, value: str = "", by: str = "marie") -> Refresh:
        """Ask for a refresh as a door does."""
        return self.app.refreshing.ask([Wish(self.company, list_name, way, value)], by)[0].refresh

    def finish(self, refresh_id: int) -> Refresh:
        """Let the Web Connector call, and wait until the refresh is final."""
        self.visit()
        return self.app.refreshing.wait([refresh_id], SECONDS)[0]

    def list_id(self, list_name: str, full_name: str) -> str:
        """Give the ListID of a record by its name."""
        return self.app.refreshing.search(list_name, q=full_name).records[0].list_id


@dataclass(slots=True)
class Site:
    """The running server with its people, and no company yet."""

    app: Application
    url: str

    def ask_of(self, company: str, list_name: str, way: str, value: str = "") -> Refresh:
        """Ask for a refresh of a company as a door does."""
        return self.app.refreshing.ask([Wish(company, list_name, way, value)], "marie")[0].refresh


@contextmanager
def serving(folder: Path, *, own: Mapping[str, Any] | None = None, simulated: bool = False) -> Iterator[Site]:
    """Run a server on a free port, with people who may sign in."""
    sockets = listen("localhost", 0)
    port = sockets[0].getsockname()[1]
    given = {"data_dir": folder, "public_url": f"http://localhost:{port}", "port": port, "time_zone": "America/Toronto"}
    given["schedules"] = "off"
    settings = load_settings({**given, **(own or {})}, {})
    install(settings)
    app = build_app(settings, simulated=simulated)
    server = Server(app.wsgi, sockets, threads=4)
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    app.start()
    try:
        with app.database.write() as connection:
            add_people(connection, app.database.now(connection))
        yield Site(app, f"http://localhost:{port}")
    finally:
        server.stop()
        thread.join()
        app.stop()


def add_people(connection: sa.Connection, now: datetime) -> None:
    """Add those who may sign in; their one password is digested once, which takes longer than all the rest."""
    first, *others = PEOPLE
    users.add(connection, first, PEOPLE[first], PASSWORD, now)
    made = dict(connection.execute(sa.select(tables.users).where(tables.users.c.name == first)).mappings().one())
    connection.execute(sa.insert(tables.users), [{**made, "name": name, "role": PEOPLE[name]} for name in others])


@contextmanager
def running(folder: Path, *, filled: bool = True, own: Mapping[str, Any] | None = None) -> Iterator[WebOffice]:
    """Run a server with a simulated QuickBooks; `filled` fetches both lists first."""
    with serving(folder, own=own, simulated=True) as site:
        office = WebOffice(site.app, Office.open(site.app.database, site.url, customers=60, items=80), site.url)
        if filled:
            ids = [office.ask(name, "all").id for name in ("customer", "item")]
            office.visit()
            site.app.refreshing.wait(ids, SECONDS)
        yield office


@dataclass(slots=True)
class Page:
    """An answer: its status, headers and text."""

    status: int
    url: str
    headers: Message
    text: str

    @property
    def forms(self) -> list["Form"]:
        """Its forms."""
        reader = _Forms()
        reader.feed(self.text)
        return reader.forms

    def form(self, action: str) -> "Form":
        """Give the first form whose address ends so."""
        return next(each for each in self.forms if each.action.endswith(action))

    @property
    def words(self) -> str:
        """Its text without tags and with single spaces."""
        bare = re.sub(r"<[^>]*>", " ", self.text.partition("<main")[2])
        return re.sub(r"\s+", " ", bare)


@dataclass(slots=True)
class Form:
    """A form: where it goes, how, and what it holds."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag == "input" and self.forms and given.get("type") == "hidden":
            self.forms[-1].fields.append((given["name"], given.get("value", "")))


class Browser:
    """Somebody's browser without JavaScript: cookies, redirects and forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str, **headers: str) -> Page:
        """Open a page of the server."""
        return self._open(urllib.request.Request(self._whole(path), headers=headers))  # noqa: S310 - our own server

    def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> Page:
        """Send a form as it is given."""
        body = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(self._whole(path), body, headers))  # noqa: S310 - our own server

    def submit(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in and send a form of a page; its hidden fields go with it."""
        form = page.form(action)
        path = form.action or urllib.parse.urlsplit(page.url).path
        if form.method != "post":
            return self.get(f"{path}?{urllib.parse.urlencode([*form.fields, *typed.items()])}")
        return self.post(path, [*form.fields, *typed.items()])

    def sign_in(self, name: str, password: str = PASSWORD) -> Page:
        """Sign in."""
        return self.submit(self.get("/sign-in"), "/sign-in", user=name, password=password)

    def settle(self, path: str, words: str) -> Page:
        """Look at a page again and again until it says something; publishing takes a moment."""
        end = time.monotonic() + SECONDS
        while words not in (page := self.get(path)).words:
            assert time.monotonic() < end, page.words
            time.sleep(0.1)
        return page

    def _whole(self, path: str) -> str:
        return urllib.parse.urljoin(self.url, path)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return Page(answer.status, answer.url, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.url or "", error.headers, error.read().decode())
