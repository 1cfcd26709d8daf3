"""A QuickBooks with any number of customers that costs nearly nothing to ask, so that what is measured is the server.

Theory of operation
-------------------
The records are those of the rehearsal's sample company: its first 600 customers are printed once for each way the
server asks (version, elements, owners), and every customer is one of these prints with a ListID, a name, a phone number
and an edit sequence of its own. So 200,000 customers take no more room than 600, and answering is joining texts.
Every customer is found, active or not, whatever ActiveStatus says. What is no customer query is answered by the sample
company itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from lxml import etree

from qbwc_server.qbxml.characters import parse_small
from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.schema import version_tuple

_KINDS: Final = 600
_NUMBER_0: Final = 0x80000001
_SECOND_0: Final = 1_400_000_000
_EDIT_0: Final = 1_700_000_000
_SHORT_NAME: Final = 30
_OFFSET: Final = timezone(timedelta(hours=-5))
# The sample company's customers were last changed before this.
_QUIET_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_HEAD: Final = '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n'
_TAIL: Final = "\n</QBXMLMsgsRs>\n</QBXML>\n"
_VERSION: Final = re.compile(r'<\?qbxml version="([^"]+)"')
_OK: Final = 'statusCode="0" statusSeverity="Info" statusMessage="Status OK"'
_NONE: Final = 'statusCode="1" statusSeverity="Info" statusMessage="A query request did not find a matching object."'
_SOME: Final = 'statusCode="500" statusSeverity="Warn" statusMessage="The query request has not been fully completed."'


class VersionTooNew(Exception):
    """The server speaks a qbXML that this QuickBooks does not know."""

    def __init__(self, version: str) -> None:
        super().__init__(f"The server sent qbXML {version}, which this QuickBooks does not know.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a customer query wants to see of each record.

    Attributes:
        version: the qbXML version of the message set.
        elements: IncludeRetElement; none for all.
        owners: OwnerID.
    """

    version: str
    elements: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """The records of one answer, which can be printed again: those of `numbers`, as they were asked for."""

    asked: Asked
    numbers: Sequence[int]


@dataclass(slots=True)
class _Iterator:
    numbers: Sequence[int]
    given: int = 0


class Books:
    """A company file with any number of customers, numbered from 0.

    Attributes:
        customers: how many there are; the second argument is the newest qbXML version it knows.
        sent: the records of every answer so far.
    """

    def __init__(self, customers: int, newest: str = "13.0") -> None:
        self.customers = customers
        self._newest = version_tuple(newest)
        self.sent: list[Sent] = []
        self._changed: dict[int, datetime] = {}
        self._iterators: dict[str, _Iterator] = {}
        self._prints: dict[Asked, list[str]] = {}
        self._company = sample_company(customers=min(customers, _KINDS), items=1)
        for records in self._company.lists.values():
            records.deleted.clear()

    def list_id(self, number: int) -> str:
        """Return a customer's ListID."""
        return f"{_NUMBER_0 + number:X}-{_SECOND_0 + number}"

    def change(self, numbers: Sequence[int]) -> None:
        """Give customers another phone number, now."""
        self._changed.update(dict.fromkeys(numbers, datetime.now(UTC)))

    def answer(self, qbxml: str) -> str:
        """Answer a message set.

        Raises:
            VersionTooNew: see there.
        """
        found = _VERSION.search(qbxml)
        version = found[1] if found else "1.0"
        if version_tuple(version) > self._newest:
            raise VersionTooNew(version)
        requests = parse_small(qbxml.encode()).iterfind("QBXMLMsgsRq/*")
        return "".join((_HEAD, "\n".join(self._answer(one, version) for one in requests), _TAIL))

    def print(self, sent: Sent) -> str:
        """Return an answer with these records."""
        body = self._records(sent)
        return f'{_HEAD}<CustomerQueryRs requestID="1" {_OK}>\n{body}\n</CustomerQueryRs>{_TAIL}'

    def _answer(self, request: etree._Element, version: str) -> str:
        if request.tag == "CustomerQueryRq":
            return self._customers(request, version)
        text = etree.tostring(request, encoding="unicode", with_tail=False)
        whole = self._company.process(_document(version, text))
        return whole.partition("<QBXMLMsgsRs>\n")[2].rpartition("\n</QBXMLMsgsRs>")[0]

    def _customers(self, request: etree._Element, version: str) -> str:
        numbers, attributes = self._matched(request)
        meta_data = request.get("metaData", "NoMetaData")
        if meta_data != "NoMetaData":
            attributes += f' retCount="{len(numbers)}"'
        head = f'<CustomerQueryRs requestID="{request.get("requestID", "")}" {attributes}'
        if not numbers or meta_data == "MetaDataOnly":
            return f"{head} />"
        sent = Sent(Asked(version, _texts(request, "IncludeRetElement"), _texts(request, "OwnerID")), numbers)
        self.sent.append(sent)
        return f"{head}>\n{self._records(sent)}\n</CustomerQueryRs>"

    def _matched(self, request: etree._Element) -> tuple[Sequence[int], str]:
        """Return the numbers of the customers that are found, and the answer's attributes."""
        if request.get("iterator") == "Continue":
            return self._next_page(request.get("iteratorID", ""), request)
        wanted = _texts(request, "ListID")
        if wanted:
            known = [number for number in map(self._number, wanted) if number is not None]
            return known, _OK if len(known) == len(wanted) else _SOME
        numbers = self._modified_since(request.findtext(".//FromModifiedDate"))
        if request.get("iterator") == "Start":
            name = f"{{5E3B0A10-0000-4000-8000-{len(self._iterators):012X}}}"
            self._iterators[name] = _Iterator(numbers)
            return self._next_page(name, request)
        most = request.findtext("MaxReturned")
        if most is not None and request.get("metaData") != "MetaDataOnly":
            numbers = numbers[: int(most)]
        return numbers, _OK if numbers else _NONE

    def _next_page(self, name: str, request: etree._Element) -> tuple[Sequence[int], str]:
        iterator = self._iterators[name]
        page = iterator.numbers[iterator.given : iterator.given + int(request.findtext("MaxReturned", "0"))]
        iterator.given += len(page)
        left = len(iterator.numbers) - iterator.given
        return page, f'{_OK if page else _NONE} iteratorRemainingCount="{left}" iteratorID="{name}"'

    def _modified_since(self, moment: str | None) -> Sequence[int]:
        everybody = range(self.customers)
        if moment is None:
            return everybody
        since = datetime.fromisoformat(moment)
        since = since if since.tzinfo else since.replace(tzinfo=_OFFSET)
        if since < _QUIET_SINCE:
            return everybody
        return sorted(number for number, at in self._changed.items() if at >= since)

    def _number(self, list_id: str) -> int | None:
        number = int(list_id.partition("-")[0], 16) - _NUMBER_0
        return number if 0 <= number < self.customers and self.list_id(number) == list_id else None

    def _records(self, sent: Sent) -> str:
        prints = self._prints.get(sent.asked)
        if prints is None:
            prints = self._prints[sent.asked] = self._print_all(sent.asked)
        kinds = len(prints)
        return "\n".join(prints[number % kinds] % self._own(number) for number in sent.numbers)

    def _own(self, number: int) -> dict[str, object]:
        changed = self._changed.get(number)
        seconds = 0 if changed is None else int(changed.timestamp()) - _EDIT_0
        moment = _QUIET_SINCE - timedelta(seconds=1) if changed is None else changed
        return {
            "list_id": self.list_id(number),
            "number": number,
            "edit": _EDIT_0 + seconds,
            "phone": f"555-{(number + seconds) % 10000:04}",
            "modified": moment.astimezone(_OFFSET).isoformat(timespec="seconds"),
        }

    def _print_all(self, asked: Asked) -> list[str]:
        inner = "".join(f"<IncludeRetElement>{name}</IncludeRetElement>" for name in asked.elements)
        inner += "".join(f"<OwnerID>{owner}</OwnerID>" for owner in asked.owners)
        query = f'<CustomerQueryRq requestID="1"><ActiveStatus>All</ActiveStatus>{inner}</CustomerQueryRq>'
        answer = self._company.process(_document(asked.version, query))
        return [_kind(text) for text in re.findall(r"<CustomerRet>.*?</CustomerRet>", answer, re.DOTALL)]


def _document(version: str, request: str) -> str:
    messages = f'<QBXMLMsgsRq onError="continueOnError">{request}</QBXMLMsgsRq>'
    return f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?><QBXML>{messages}</QBXML>'


def _texts(request: etree._Element, name: str) -> tuple[str, ...]:
    return tuple(element.text or "" for element in request.iterfind(name))


def _kind(text: str) -> str:
    """Return a printed record as a %-format for `_own`."""
    form = text.replace("%", "%%")
    for name, own in (
        ("ListID", "list_id"),
        ("TimeModified", "modified"),
        ("EditSequence", "edit"),
        ("Phone", "phone"),
    ):
        form = re.sub(f"<{name}>[^<]*</{name}>", f"<{name}>%({own})s</{name}>", form, count=1)
    found = re.search("<FullName>([^<]*)</FullName>", form)
    above, colon, name = (found[1] if found else "").rpartition(":")
    # A longer one may be cut by the server, which would then tell of it.
    name = f"{name if len(name) <= _SHORT_NAME else 'Quincaillerie Bench'} %(number)s"
    form = form.replace(f"<FullName>{found[1]}<", f"<FullName>{above}{colon}{name}<", 1) if found else form
    return re.sub("<Name>[^<]*</Name>", lambda _: f"<Name>{name}</Name>", form, count=1)
