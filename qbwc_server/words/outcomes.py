"""What became of a record in QuickBooks, in a few words."""

from datetime import UTC, datetime
from typing import Final

from qbwc_server.words.catalogue import text
from qbwc_server.words.formats import clock, day

# yyyy-mm-ddThh:mm:ss; what QuickBooks prints after it is an offset that is wrong for half of the year.
_MOMENT: Final = 19


def outcome(language: str, name: str, *, time_deleted: str | None = None, made_inactive: bool = False) -> str:
    """Returns an outcome in words.

    Args:
        language: As for text().
        name: The outcome.
        time_deleted: Of a deleted record: when QuickBooks says that it was, in its own text. A record of which it says
            nothing was deleted or merged.
        made_inactive: Whether the update is that the record was made inactive.
    """
    if name == "deleted":
        return (
            text(language, "outcome.deleted", when=_when(language, time_deleted))
            if time_deleted
            else text(language, "outcome.gone")
        )
    return text(language, "outcome.inactive" if name == "updated" and made_inactive else f"outcome.{name}")


def _when(language: str, printed: str) -> str:
    """Write what the clock of QuickBooks's machine showed; it is put into no zone of ours."""
    try:
        shown = datetime.fromisoformat(printed[:_MOMENT]).replace(tzinfo=UTC)
    except ValueError:
        return printed
    return text(language, "app.at_moment", day=day(language, shown), clock=clock(language, shown, UTC))
