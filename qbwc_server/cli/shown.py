"""How refreshes are put into words on a terminal."""

from qbwc_server import codes, words
from qbwc_server.refreshing import Refresh


def what_of(language: str, refresh: Refresh) -> str:
    """Return what a refresh is about: the list and which record or records."""
    name = words.text(language, f"list.{refresh.list}.name")
    return name if refresh.way == "all" else f"{name} {refresh.full_name or refresh.value}"


def state_of(language: str, refresh: Refresh) -> str:
    """Return the state, the outcome of a published one, and what went wrong."""
    state = words.text(language, f"state.{refresh.state}")
    if refresh.outcome is not None:
        state = f"{state}, {words.text(language, f'outcome.{refresh.outcome}')}"
    if refresh.error_code is not None:
        return f"{state}: {codes.explain(language, refresh.error_code, **refresh.error_values).message}"
    return state
