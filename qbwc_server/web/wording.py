"""The catalogue bound to one reader: a language, a time zone and the present moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qbwc_server import words

_SECOND = 10.0


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts, figures and times as one reader reads them.

    Attributes:
        language: "en" or "fr".
        zone: The IANA name of the time zone.
        now: The present, which "today" and "3 minutes ago" are reckoned from.
    """

    language: str
    zone: str
    now: datetime

    def text(self, key: str, /, **values: object) -> str:
        """Return a sentence of the catalogue."""
        return words.text(self.language, key, **values)

    def plural(self, key: str, n: int, /, **values: object) -> str:
        """Return the form that goes with a number."""
        return words.plural(self.language, key, n, **values)

    def label(self, name: str) -> str:
        """Return the label of a qbXML field."""
        return words.field_label(self.language, name)

    def heading(self, name: str) -> str:
        """Return the heading of a qbXML field's column: its label, or the shorter one where there is one."""
        key = f"column.{name}"
        return self.text(key) if words.has(self.language, key) else self.label(name)

    def about(self, when: datetime) -> str:
        """Write a time that stands by itself: the time of day if it is today, else with the date."""
        return words.about(self.language, when, self.now, self.zone)

    def at(self, when: datetime) -> str:
        """Write a time for a sentence to say when: "at 10:25", "on Nov 24, 2026 at 10:25"."""
        return self._said(when, "app.at_clock", "app.at_moment")

    def spoken(self, when: datetime) -> str:
        """Write a time for a sentence that has its own word before it, such as "since"."""
        return self._said(when, None, "app.moment")

    def moment(self, when: datetime) -> str:
        """Write a time with its date."""
        return words.moment(self.language, when, self.zone)

    def ago(self, when: datetime) -> str:
        """Write a time as a distance: "3 minutes ago"; a few seconds are "just now"."""
        if abs((self.now - when).total_seconds()) < _SECOND:
            return self.text("app.just_now")
        return words.ago(self.language, when, self.now)

    def duration(self, seconds: float) -> str:
        """Write a length of time in its largest whole unit."""
        return words.duration(self.language, timedelta(seconds=seconds))

    def count(self, n: int) -> str:
        """Write a whole number."""
        return words.number(self.language, n)

    def _said(self, when: datetime, today: str | None, earlier: str) -> str:
        clock = words.clock(self.language, when, self.zone)
        if self.about(when) != clock:
            return self.text(earlier, day=words.day(self.language, when, self.zone), clock=clock)
        return clock if today is None else self.text(today, clock=clock)

    def joined(self, parts: Sequence[str]) -> str:
        """Write several short texts as one line."""
        return " · ".join(part for part in parts if part)
