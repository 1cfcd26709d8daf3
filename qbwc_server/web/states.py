"""Says in words how a refresh or a connection stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from qbwc_server import codes
from qbwc_server.refreshing import CompanyView, ConnectionView, Refresh, saying
from qbwc_server.web.wording import Wording

_TONES: Final = {
    "waiting": "wait",
    "sent": "work",
    "answered": "work",
    "published": "good",
    "failed": "bad",
    "cancelled": "quiet",
}
_CONNECTION_TONES: Final = {
    "connected": "good",
    "late": "wait",
    "offline": "bad",
    "off_hours": "quiet",
    "needs_attention": "bad",
    "paused": "quiet",
    "never_seen": "quiet",
}
_WRONG_PASSWORD: Final = "wrong_password"  # noqa: S105 - a code
# Nobody calls, and it is not known when somebody will.
_SILENT: Final = ("offline", "off_hours")
_COUNTED: Final = ("inserted", "updated", "unchanged", "deleted")
# Outcomes with a sentence that needs no figures.
_ALONE: Final = ("inserted", "updated", "unchanged")
# A sign beside each word, so that the state never hangs on colour alone.
_SIGNS: Final = {"wait": "◷", "work": "↻", "good": "✓", "bad": "!", "quiet": "\u2013"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A short state: a word, a tone (wait, work, good, bad, quiet) and the sign that goes with it."""

    text: str
    tone: str

    @property
    def sign(self) -> str:
        """The sign of the tone."""
        return _SIGNS[self.tone]


@dataclass(frozen=True, slots=True)
class Status:
    """How one refresh stands.

    Attributes:
        badge: The sentence, its tone and sign.
        trouble: Why it failed, who can mend it and how; or None.
        note: A further sentence, or "".
    """

    badge: Badge
    trouble: codes.Explanation | None
    note: str


def refresh_status(
    wording: Wording, refresh: Refresh, connection: ConnectionView, changed: int, *, website_away: bool = False
) -> Status:
    """Say how a refresh stands, as a sentence with what can be done about it.

    Args:
        wording: The reader's.
        refresh: The refresh.
        connection: Its company's.
        changed: How many of its changes the reader may see.
        website_away: Whether the website could not be written when that was tried last.
    """
    trouble = None
    if refresh.error_code is not None:
        trouble = codes.explain(wording.language, refresh.error_code, **_particulars(wording, refresh.error_values))
    note = ""
    if refresh.is_reading and (refresh.state == "sent" or connection.state == "connected"):
        return Status(Badge(wording.text("state.reading"), "work"), trouble, note)
    if refresh.state == "waiting":
        trouble = trouble or connection_trouble(wording, connection)
        note = "" if trouble else _waiting_note(wording, connection)
    if refresh.state == "answered" and website_away:
        return Status(Badge(wording.text("refresh.answered_website_down"), "wait"), trouble, note)
    return Status(Badge(_sentence(wording, refresh, connection, changed), _tone(refresh)), trouble, note)


def refresh_badge(wording: Wording, refresh: Refresh) -> Badge:
    """Name the state of a refresh in a word or two."""
    tone = _tone(refresh)
    if refresh.is_reading:
        return Badge(wording.text("state.reading"), "work")
    if _has_exceptions(refresh):
        return Badge(wording.text("outcome.exceptions"), tone)
    if refresh.outcome is not None and (refresh.scope == "record" or _is_absent(refresh)):
        return Badge(saying.outcome(wording.language, refresh), tone)
    return Badge(wording.text(f"state.{refresh.state}"), tone)


def connection_badge(wording: Wording, connection: ConnectionView, *, simulated: bool = False) -> Badge:
    """Name the state of a connection; one that is well but not to a real QuickBooks is called simulated."""
    if simulated and connection.state == "connected":
        return Badge(wording.text("connection.simulated"), "good")
    key = "attention" if connection.state == "needs_attention" else connection.state
    return Badge(wording.text(f"connection.{key}"), _CONNECTION_TONES[connection.state])


def connection_sentence(wording: Wording, connection: ConnectionView) -> str:
    """Say how a connection stands."""
    seen, following = connection.last_seen_at, connection.next_expected_at
    if connection.state == "paused":
        return pause_sentence(wording, connection)
    if seen is None or connection.state == "never_seen":
        return wording.text("connection.never_seen_text")
    if connection.state in _SILENT:
        return wording.text(f"connection.{connection.state}_text", seen=wording.spoken(seen))
    expected = _was_expected(connection)
    if connection.state == "late" and expected is not None:
        return wording.text("connection.late_text", ago=wording.ago(expected))
    if following is None:
        return wording.text("connection.connected_text_open", at=wording.at(seen))
    return wording.text("connection.connected_text", at=wording.at(seen), next=wording.spoken(following))


def pause_sentence(wording: Wording, connection: ConnectionView) -> str:
    """Say of a connection that is paused by whom it was and until when."""
    by, until = connection.paused_by, connection.paused_until
    if until is not None and by:
        return wording.text("pause.until_by", user=by, until=wording.at(until))
    if until is not None:
        return wording.text("pause.until", until=wording.at(until))
    return wording.text("pause.without_end_by", user=by) if by else wording.text("connection.paused_text")


def cards(
    wording: Wording, companies: Iterable[CompanyView], *, simulated: bool
) -> tuple[tuple[CompanyView, Badge, str, codes.Explanation | None], ...]:
    """Say of each company how its connection stands: badge, sentence, and what needs attention."""
    return tuple(
        (
            each,
            connection_badge(wording, each.connection, simulated=simulated),
            connection_sentence(wording, each.connection),
            connection_trouble(wording, each.connection),
        )
        for each in companies
    )


def connection_trouble(wording: Wording, connection: ConnectionView) -> codes.Explanation | None:
    """Say what needs attention about a connection, who can see to it and how."""
    if connection.attention_code is None:
        return None
    values = _particulars(wording, connection.attention_values)
    if connection.attention_code == _WRONG_PASSWORD and connection.wrong_passwords > 1:
        since = connection.wrong_password_since
        values |= {
            "count": wording.count(connection.wrong_passwords),
            "time": wording.spoken(since) if since is not None else "",
        }
    return codes.explain(wording.language, connection.attention_code, **values)


def is_silent(connection: ConnectionView) -> bool:
    """Tell whether a refresh that is asked for will probably wait for long, so that the button says so."""
    return connection.state in (*_SILENT, "paused", "never_seen")


def when_asked(wording: Wording, connection: ConnectionView) -> tuple[str, ...]:
    """Say, before somebody asks, when QuickBooks will hear of it; honestly where that is unknown."""
    trouble = connection_trouble(wording, connection)
    if connection.state == "paused":
        return (pause_sentence(wording, connection),)
    if trouble is not None:
        return (trouble.message, wording.text("page.kept"))
    if connection.held_until is not None:
        return (wording.text("refresh.next_held"),)
    if connection.state == "connected" and connection.next_expected_at and connection.interval_seconds:
        interval = wording.duration(connection.interval_seconds)
        return (wording.text("refresh.next_check", interval=interval, at=wording.at(connection.next_expected_at)),)
    return (_silence(wording, connection), wording.text("refresh.sooner"))


def _particulars(wording: Wording, values: Mapping[str, str]) -> dict[str, object]:
    return {name: wording.label(value) if name == "field" else value for name, value in values.items()}


def _silence(wording: Wording, connection: ConnectionView) -> str:
    if connection.last_seen_at is None or connection.state == "never_seen":
        return wording.text("refresh.never_called")
    if connection.state in _SILENT:
        return wording.text("refresh.offline", time=wording.spoken(connection.last_seen_at))
    if connection.state == "late":
        return connection_sentence(wording, connection)
    return wording.text("refresh.next_unknown")


def _was_expected(connection: ConnectionView) -> datetime | None:
    if connection.last_seen_at is None or connection.interval_seconds is None:
        return None
    return connection.last_seen_at + timedelta(seconds=connection.interval_seconds)


def _sentence(wording: Wording, refresh: Refresh, connection: ConnectionView, changed: int) -> str:
    if refresh.state == "waiting":
        return _waiting(wording, refresh, connection)
    if refresh.state == "published" and refresh.outcome is not None:
        return _done(wording, refresh, refresh.outcome, changed)
    if refresh.state == "published":
        return wording.text("state.published")
    if refresh.state == "failed":
        return wording.text("state.failed")
    return wording.text(f"refresh.{refresh.state}")


def _waiting(wording: Wording, refresh: Refresh, connection: ConnectionView) -> str:
    if connection.state in _SILENT and connection.last_seen_at is not None:
        return wording.text("refresh.waiting_offline", time=wording.spoken(connection.last_seen_at))
    if connection.state == "late":
        return wording.text("refresh.waiting_late")
    if connection.state == "connected" and refresh.expected_at is not None and refresh.expected_at > wording.now:
        return wording.text("refresh.waiting_expected", time=wording.spoken(refresh.expected_at))
    return wording.text("refresh.waiting")


def _waiting_note(wording: Wording, connection: ConnectionView) -> str:
    if connection.state == "paused":
        return pause_sentence(wording, connection)
    if connection.state == "never_seen":
        return wording.text("refresh.never_called")
    return wording.text("refresh.sooner")


def _tone(refresh: Refresh) -> str:
    if _has_exceptions(refresh):
        return "bad"
    return "quiet" if _is_absent(refresh) else _TONES[refresh.state]


def _is_absent(refresh: Refresh) -> bool:
    """Tell whether QuickBooks does not have what was asked for; of a whole list that is said of records by count."""
    return refresh.outcome in ("not_found", "deleted") and not refresh.reads_list


def _has_exceptions(refresh: Refresh) -> bool:
    """Tell whether something of a refresh that is done did not reach the website, or could not be read."""
    return refresh.state == "published" and refresh.error_code is not None and not _is_absent(refresh)


def _done(wording: Wording, refresh: Refresh, outcome: str, changed: int) -> str:
    at = wording.at(refresh.finished_at or refresh.published_at or wording.now)
    what = _by_outcome(wording, refresh) if refresh.reads_list else ""
    if refresh.made_inactive:
        what = wording.text("refresh.made_inactive")
    elif outcome == "updated" and refresh.scope == "record" and changed:
        what = wording.plural("refresh.fields", changed)
    if _has_exceptions(refresh):
        return wording.text("refresh.exceptions_but" if what else "refresh.exceptions", at=at, what=what)
    if _is_absent(refresh):
        return _absence(wording, refresh)
    if refresh.scope == "find":
        return wording.text("state.published")
    if what and outcome != "unchanged":
        return wording.text("refresh.done", at=at, what=what)
    return wording.text(f"refresh.{outcome if outcome in _ALONE else 'updated'}", at=at)


def _absence(wording: Wording, refresh: Refresh) -> str:
    if refresh.outcome == "not_found":
        known = refresh.way != "list_id" or refresh.error_code is not None
        return wording.text("refresh.not_found" if known else "refresh.never_known")
    said = saying.outcome(wording.language, refresh)
    # What was never seen here is not on the website either.
    return wording.text("refresh.shown_deleted", outcome=said) if refresh.records else said


def _by_outcome(wording: Wording, refresh: Refresh) -> str:
    """Return how many records of a list had which outcome; those set aside are told with the error."""
    counts = ((name, refresh.counts.get(name, 0)) for name in _COUNTED)
    return ", ".join(wording.plural(f"outcome.count_{name}", n) for name, n in counts if n)
