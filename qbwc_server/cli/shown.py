"""How refreshes are put into words on a terminal."""

from typing import Final

from qbwc_server import codes, words
from qbwc_server.refreshing import Refresh, saying

_ABSENT: Final = ("not_found", "deleted")


def what_of(language: str, refresh: Refresh) -> str:
    """Return what a refresh is about: the list and which record or records."""
    if refresh.reads_list:
        return words.text(language, f"list.{refresh.list}.{refresh.scope}")
    if refresh.way == "find":
        return saying.search(language, refresh.list, refresh.value)
    return f"{words.text(language, f'list.{refresh.list}.name')} {refresh.full_name or refresh.value}"


def state_of(language: str, refresh: Refresh) -> str:
    """Return the state, how far a list has come, the outcome of a published one, and what went wrong."""
    if refresh.is_reading:
        return f"{words.text(language, 'state.reading')}, {saying.progress(language, refresh)}"
    state = words.text(language, f"state.{refresh.state}")
    # A search publishes nothing, and a list has an outcome for each of its records.
    if (
        refresh.outcome is not None
        and not refresh.reads_list
        and (refresh.scope == "record" or refresh.outcome in _ABSENT)
    ):
        state = f"{state}, {saying.outcome(language, refresh)}"
    if refresh.error_code is not None:
        return f"{state}: {codes.explain(language, refresh.error_code, **refresh.error_values).message}"
    return state
