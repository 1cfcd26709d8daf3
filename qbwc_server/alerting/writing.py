"""The words of an alert: what is wrong since when, what it means for the website, who can do what.

Nothing of a record and no secret is in it: it leaves the house by ways that others keep.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qbwc_server import codes, words
from qbwc_server.alerting.channels import MAIL, WEBHOOK
from qbwc_server.alerting.reading import Reader, paragraphs
from qbwc_server.store.alerts import Recipient
from qbwc_server.store.messages import Draft

ONSET: Final = "onset"
RECOVERED: Final = "recovered"
PAGE: Final = "/connection"
# Whose trouble is cured where, for those kinds that no code of QuickBooks stands for.
_WHO: Final = {"offline": "office", "publishing": "us"}


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told.

    Attributes:
        kind: One of `tables.KINDS`.
        state: `ONSET` or `RECOVERED`.
        company, title: Whose it is, as it is called inside and to people; None and "" for the installation.
        at: When it began, or was over.
        since: Since when it had been so.
        waiting: How many refreshes wait for QuickBooks, or records for the website.
        code: The code that says more, "" for none, with its values.
    """

    kind: str
    state: str
    company: str | None
    title: str
    at: datetime
    since: datetime
    waiting: int = 0
    code: str = ""
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class House:
    """Where messages come from: the public address, the time zone, and the language of who chose none."""

    url: str
    zone: str
    language: str

    def reader(self, language: str | None) -> Reader:
        """Return a reader of this language."""
        known = language if language in words.LANGUAGES else self.language
        return Reader(known, self.zone, self.url)


def drafts(house: House, news: News, recipients: Iterable[Recipient], *, webhook: bool) -> list[Draft]:
    """Write one message to each recipient, in their language, and one to the webhook, in the installation's."""
    written = [_mail(house.reader(one.language), news, one) for one in recipients]
    if webhook:
        written.append(_post(house.reader(None), news))
    return written


def headline(reader: Reader, kind: str, title: str, *, over: bool = False) -> str:
    """Say in a line what is wrong, or that it is over."""
    what = reader.text(f"alerts.{kind}.{'over' if over else 'onset'}")
    return reader.text("alerts.one_company", company=title, what=what) if title else what[:1].upper() + what[1:]


def _mail(reader: Reader, news: News, to: Recipient) -> Draft:
    body = paragraphs(
        *_said(reader, news),
        _cure(reader, news),
        reader.text("alerts.look", url=reader.url + PAGE),
        "-- \n" + reader.text("alerts.because_alerts", user=to.name),
    )
    return Draft(MAIL, to.email, _subject(reader, news), body)


def _post(reader: Reader, news: News) -> Draft:
    url = reader.url + PAGE
    payload = {
        "text": "\n".join((_subject(reader, news), " ".join(_said(reader, news)), url)),
        "kind": news.kind,
        "company": news.company,
        "state": news.state,
        "at": news.at.isoformat().replace("+00:00", "Z"),
        "url": url,
    }
    return Draft(WEBHOOK, None, _subject(reader, news), str(payload["text"]), payload)


def _subject(reader: Reader, news: News) -> str:
    return headline(reader, news.kind, news.title, over=news.state == RECOVERED)


def _said(reader: Reader, news: News) -> tuple[str, str]:
    """Return what happened, and what it means for the website."""
    values = {"company": news.title, "time": reader.spoken(news.since)}
    if news.state == RECOVERED:
        return reader.text(f"alerts.{news.kind}.over_text", **values), reader.text("alerts.over_meaning")
    message = _explained(reader, news).message if news.kind == "wrong_file" else ""
    return reader.text(f"alerts.{news.kind}.onset_text", message=message, **values), _meaning(reader, news)


def _meaning(reader: Reader, news: News) -> str:
    if news.kind == "publishing":
        return reader.plural("alerts.publishing_meaning", news.waiting)
    return reader.plural("alerts.meaning", news.waiting) if news.waiting else reader.text("alerts.meaning_none")


def _cure(reader: Reader, news: News) -> str:
    if news.state == RECOVERED:
        return ""
    if news.kind in _WHO:
        who = reader.text(f"who.{_WHO[news.kind]}")
        return reader.steps(who, words.texts(reader.language, f"alerts.{news.kind}.steps"))
    said = _explained(reader, news)
    return reader.steps(said.who_text, said.steps)


def _explained(reader: Reader, news: News) -> codes.Explanation:
    return codes.explain(reader.language, news.code or news.kind, **dict(news.values))
