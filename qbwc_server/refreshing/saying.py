"""What all doors say of a refresh in the same words."""

from qbwc_server import words
from qbwc_server.refreshing.views import Refresh
from qbwc_server.store.schedules import ASKED_BY


def asker(language: str, name: str) -> str:
    """Say who asked: the name, and words for the schedule."""
    return words.text(language, "queue.by_schedule") if name == ASKED_BY else name


def search(language: str, list_name: str, text: str) -> str:
    """Say what was searched for, and where; the text is empty where somebody was forgotten whom it named."""
    title = words.text(language, f"list.{list_name}.title")
    if not text:
        return words.text(language, "queue.find_forgotten", list=title)
    return words.text(language, "queue.find_in_list", text=text, list=title)


def progress(language: str, refresh: Refresh) -> str:
    """Say how far the reading of a list has come: "3,200 of 20,000 customers"."""
    said = f"list.{refresh.list}"
    if refresh.total is None:
        return words.plural(language, f"{said}.so_far", refresh.records)
    done = words.number(language, done_of(refresh))
    return words.plural(language, f"{said}.progress", refresh.total, done=done)


def done_of(refresh: Refresh) -> int:
    """Return how many of the records that were counted have come; those made meanwhile are not among them."""
    return refresh.records if refresh.total is None else min(refresh.records, refresh.total)


def outcome(language: str, refresh: Refresh) -> str:
    """Say what became of a record, or that nothing was found; a list has an outcome for each of its records."""
    return words.outcome(
        language, refresh.outcome or "", time_deleted=refresh.time_deleted, made_inactive=refresh.made_inactive
    )
