"""Which company file is a company's, on an administrator's word: its path, or the file seen last."""

from sqlalchemy import Connection

from qbwc_server.qbxml.hcp import plain_guid
from qbwc_server.store import companies
from qbwc_server.store.companies import Company, CompanyError

# The trouble of a file that carries no FileID and is at another path than before; only that can be confirmed.
UNCONFIRMED = "file_unconfirmed"
# What can be wrong with the company file that is open, whatever path was given.
_OF_THE_OPEN_FILE = ("wrong_file", UNCONFIRMED)


class NothingToAccept(CompanyError):
    """No company file waits to be accepted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Company '{name}' has no company file that waits to be accepted.")


class ForeignFile(CompanyError):
    """The company file seen last bears the FileID of another connection."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The company file seen last is not that of company '{name}': open the right file in QuickBooks, or add "
            "the .qwc file to the Web Connector again."
        )


def accept(connection: Connection, company: str) -> Company:
    """Accept the company file seen last as this company's own.

    Raises:
        ForeignFile, NothingToAccept, UnknownCompany
    """
    # Only once the company is held is it certain which file was seen last: a visit may be showing another.
    before = companies.lock(connection, company)
    seen = companies.connection_of(connection, company)
    if seen.seen_file_id and plain_guid(seen.seen_file_id) != plain_guid(before.file_id):
        raise ForeignFile(company)
    if seen.attention != UNCONFIRMED or not seen.seen_file:
        raise NothingToAccept(company)
    companies.change(connection, company, accepted_file=seen.seen_file, accepted_name=seen.seen_name)
    companies.notice(connection, company, attention=None, attention_values=None, attention_at=None)
    return companies.get(connection, company)


def set_file(connection: Connection, company: str, path: str | None) -> Company:
    """Set the path that the Web Connector is told to open; None for whichever company file is open.

    A path says which file is the company's: one that was accepted at another path counts no more, and what was wrong
    with that one is over. Without a path the file accepted last still counts, and another still waits to be accepted.

    Raises:
        BadCompanyFile, UnknownCompany
    """
    companies.check_details(None, None, path)
    before = companies.lock(connection, company)
    if path is not None and path.casefold() != (before.accepted_file or path).casefold():
        companies.change(connection, company, accepted_file=None, accepted_name=None)
    companies.change(connection, company, company_file=path)
    if path is not None or companies.connection_of(connection, company).attention not in _OF_THE_OPEN_FILE:
        companies.notice(connection, company, attention=None, attention_values=None, attention_at=None)
    return companies.get(connection, company)
