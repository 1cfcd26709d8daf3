"""Companies: a QuickBooks company file, its Web Connector account and its counters."""

import hashlib
import hmac
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from qbwc_server.lines import is_plain_line
from qbwc_server.store.tables import companies, connections

# Letters and digits without the look-alikes 0 O o 1 l I i 5: 54 of them.
PASSWORD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz2346789"  # noqa: S105 - an alphabet
PASSWORD_LENGTH = 24
LONGEST_TITLE = 200
LONGEST_USER_NAME = 100
LONGEST_PATH = 1024
# What is stored where no password was made yet: the hash of none.
NO_PASSWORD = ""
_NAME = re.compile(r"[a-z0-9-]{1,40}")


class CompanyError(Exception):
    """A company cannot be made or found."""


class BadCompanyName(CompanyError):
    """The name has other characters than allowed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is no company name: use 1 to 40 of a-z, 0-9 and '-'; the title may be anything.")


class BadTitle(CompanyError):
    """The title is blank, too long or holds something invisible."""

    def __init__(self) -> None:
        super().__init__(
            f"This title (--title) cannot be used: give 1 to {LONGEST_TITLE} characters, none of them invisible and "
            "not only blanks."
        )


class BadUserName(CompanyError):
    """The Web Connector's user name cannot be typed reliably."""

    def __init__(self) -> None:
        super().__init__(
            f"This user name (--user) cannot be used: give 1 to {LONGEST_USER_NAME} characters, none of them "
            "invisible, without a blank at the start or the end."
        )


class BadCompanyFile(CompanyError):
    """The path of the company file is blank, too long or holds something invisible."""

    def __init__(self) -> None:
        super().__init__(
            f"This path (--company-file, or PATH of 'qbwc company file') cannot be used: give 1 to {LONGEST_PATH} "
            "characters, none of them invisible, or none at all to take the company file that is open in QuickBooks."
        )


class CompanyExists(CompanyError):
    """The name or the Web Connector user is taken."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"There is a company with the {what} '{name}' already; choose another, or list them.")


class UnknownCompany(CompanyError):
    """No company has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no company '{name}'; 'qbwc company list' shows those there are.")


@dataclass(frozen=True, slots=True)
class Company:
    """A company as stored; the columns of `tables.companies` without the password and what is of `numbers` alone."""

    company: str
    title: str
    user_name: str
    owner_id: str
    file_id: str
    company_file: str | None
    accepted_file: str | None
    accepted_name: str | None
    paused: bool
    paused_by: str | None
    paused_until: datetime | None
    created_at: datetime
    password_changed_at: datetime
    seq: int
    visit: int
    qbxml_version: str | None
    version_cap: str | None
    accepted_version: str | None
    whole_records: bool
    takeovers: int
    time_zone: str | None = None
    quiet_hours: str | None = None
    hold_seconds: int = 0
    last_asked_at: datetime | None = None
    next_due_at: datetime | None = None
    interleaves: bool = True

    @property
    def zone(self) -> ZoneInfo | None:
        """Where its office is; None where nobody said, or said what is no longer known."""
        try:
            return ZoneInfo(self.time_zone) if self.time_zone else None
        except (KeyError, ValueError, OSError):
            return None

    def is_paused(self, now: datetime) -> bool:
        """Tell whether no work is to be handed out; a pause with an end is over by itself."""
        return self.paused and (self.paused_until is None or self.paused_until > now)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a company's connection; the columns of `tables.connections`."""

    last_seen_at: datetime | None = None
    address: str | None = None
    connector_version: str | None = None
    product: str | None = None
    country: str | None = None
    seen_file: str | None = None
    seen_name: str | None = None
    seen_file_id: str | None = None
    attention: str | None = None
    attention_values: Any = None
    attention_at: datetime | None = None
    wrong_passwords: int = 0
    wrong_password_at: datetime | None = None
    wrong_password_since: datetime | None = None
    wrong_password_same: int = 0
    wrong_password_mark: str | None = None


# Built once: each poll asks this. The password's hash comes last.
_BY_USER = select(*(companies.c[name] for name in Company.__slots__), companies.c.password_sha256).where(
    companies.c.user_name == bindparam("user_name")
)


def _company(row: Row[Any]) -> Company:
    return Company(**{name: row._mapping[name] for name in Company.__slots__})  # noqa: SLF001 - SQLAlchemy's public name


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a generated secret; its entropy needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_password() -> str:
    """Return a new Web Connector password, easy to type."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_LENGTH))


def make_guid() -> str:
    """Return a GUID as QBWC wants it, in braces."""
    return "{" + str(uuid.uuid4()).upper() + "}"


def add(
    connection: Connection,
    company: str,
    *,
    title: str | None,
    user_name: str | None,
    company_file: str | None,
    now: datetime,
    with_password: bool = True,
) -> tuple[Company, str]:
    """Make a company and its account.

    Returns:
        the company, and its password, which is stored only as a hash; "" where it is to have none yet, so that
        nobody can sign in.

    Raises:
        BadCompanyName, BadTitle, BadUserName, BadCompanyFile, CompanyExists
    """
    if not _NAME.fullmatch(company):
        raise BadCompanyName(company)
    check_details(title, user_name, company_file)
    user = user_name or company
    password = make_password() if with_password else ""
    row = {
        "company": company,
        "title": title or company,
        "user_name": user,
        "password_sha256": hash_secret(password) if password else NO_PASSWORD,
        "password_changed_at": now,
        "owner_id": make_guid(),
        "file_id": make_guid(),
        "company_file": company_file,
        "created_at": now,
    }
    try:
        # The database decides: somebody else may be adding the same at this moment.
        with connection.begin_nested():
            connection.execute(companies.insert().values(row))
    except IntegrityError:
        named = connection.execute(select(companies.c.company).where(companies.c.company == company)).first()
        raise (CompanyExists("user", user) if named is None else CompanyExists("name", company)) from None
    connection.execute(connections.insert().values(company=company))
    return get(connection, company), password


def check_details(title: str | None, user_name: str | None, company_file: str | None) -> None:
    """Say what cannot be kept; None is not looked at.

    Raises:
        BadTitle, BadUserName, BadCompanyFile
    """
    # PostgreSQL would refuse what is too long or holds a NUL, SQLite would keep it: so it is refused here.
    if title is not None and not _fits(title, LONGEST_TITLE):
        raise BadTitle
    if user_name is not None and (user_name != user_name.strip() or not _fits(user_name, LONGEST_USER_NAME)):
        raise BadUserName
    if company_file is not None and not _fits(company_file, LONGEST_PATH):
        raise BadCompanyFile


def _fits(text: str, longest: int) -> bool:
    return len(text) <= longest and is_plain_line(text)


def get(connection: Connection, company: str) -> Company:
    """Return a company.

    Raises:
        UnknownCompany
    """
    row = connection.execute(select(companies).where(companies.c.company == company)).first()
    if row is None:
        raise UnknownCompany(company)
    return _company(row)


def has_password(connection: Connection, company: str) -> bool:
    """Tell whether a company's Web Connector password was made."""
    query = select(companies.c.password_sha256).where(companies.c.company == company)
    return bool(connection.execute(query).scalar_one() != NO_PASSWORD)


def lock(connection: Connection, company: str) -> Company:
    """Return a company and hold its row until the transaction ends (SQLite holds the whole database)."""
    row = connection.execute(select(companies).where(companies.c.company == company).with_for_update()).first()
    if row is None:
        raise UnknownCompany(company)
    return _company(row)


def everyone(connection: Connection) -> tuple[Company, ...]:
    """Return all companies by name."""
    return tuple(_company(row) for row in connection.execute(select(companies).order_by(companies.c.company)))


def sign_in(connection: Connection, user_name: str, password: str) -> tuple[Company | None, bool]:
    """Check a Web Connector's account.

    Returns:
        the company whose account it is (None when no company has that user), and
        whether the password is right.
    """
    row = connection.execute(_BY_USER, {"user_name": user_name}).first()
    if row is None:
        return None, False
    return Company(*row[:-1]), hmac.compare_digest(row.password_sha256, hash_secret(password))


def change(connection: Connection, company: str, **values: object) -> None:
    """Set columns of a company."""
    connection.execute(update(companies).where(companies.c.company == company).values(**values))


def take_seq(connection: Connection, company: str, count: int) -> int:
    """Take `count` observation numbers in this transaction and return the first."""
    last: int = connection.execute(
        update(companies)
        .where(companies.c.company == company)
        .values(seq=companies.c.seq + count)
        .returning(companies.c.seq)
    ).scalar_one()
    return last - count + 1


def connection_of(connection: Connection, company: str) -> Seen:
    """Return what is known of a company's connection."""
    row = connection.execute(select(connections).where(connections.c.company == company)).first()
    if row is None:
        return Seen()
    return Seen(**{name: row._mapping[name] for name in Seen.__slots__})  # noqa: SLF001


def notice(connection: Connection, company: str, **values: object) -> None:
    """Set columns of a company's connection; what QuickBooks or QBWC says longer than anybody does is cut."""
    cut = {name: fitting(name, value) for name, value in values.items()}
    connection.execute(update(connections).where(connections.c.company == company).values(**cut))


def fitting(column: str, value: object) -> object:
    """Return what of a value goes into a column of a company's connection."""
    length = getattr(connections.c[column].type, "length", None)
    return value[:length] if isinstance(value, str) else value
