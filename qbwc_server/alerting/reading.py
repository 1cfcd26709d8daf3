"""The catalogue and the clock of one reader, for texts that no page shows."""

from dataclasses import dataclass
from datetime import datetime

from qbwc_server import words


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is written to.

    Attributes:
        language: "en" or "fr".
        zone: The IANA name of the time zone.
        url: The public address of the pages.
    """

    language: str
    zone: str
    url: str

    def text(self, key: str, /, **values: object) -> str:
        """Return a sentence of the catalogue."""
        return words.text(self.language, key, **values)

    def plural(self, key: str, n: int, /, **values: object) -> str:
        """Return the form that goes with a number."""
        return words.plural(self.language, key, n, **values)

    def spoken(self, when: datetime) -> str:
        """Write a time with its day: a mail is read whenever it is read."""
        day, clock = (write(self.language, when, self.zone) for write in (words.day, words.clock))
        return self.text("app.moment", day=day, clock=clock)

    def steps(self, who: str, steps: tuple[str, ...]) -> str:
        """Write what to do and who can, a step a line; "" where there is nothing to do."""
        if not steps:
            return ""
        numbered = (self.text("alerts.step", n=n, step=step) for n, step in enumerate(steps, 1))
        return "\n".join((self.text("alerts.what_to_do", who=who), *numbered))


def paragraphs(*parts: str) -> str:
    """Return a text of these paragraphs; an empty one is left out."""
    return "\n\n".join(part for part in parts if part)
