"""Troubles of QuickBooks itself, for scenarios: each lasts as long as its context and leaves the company as it was."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from qbwc_server.rehearsal.company import SimulatedCompany

Trouble = Callable[[SimulatedCompany], contextlib.AbstractContextManager[None]]


def lost_iterator(company: SimulatedCompany) -> contextlib.AbstractContextManager[None]:
    """The first Continue finds its iterator gone, and so does every one after another request."""
    return _set(company.faults, iterator_lost_once=1, iterator_lost_after_interleaving=True)


def lying_iterator(company: SimulatedCompany) -> contextlib.AbstractContextManager[None]:
    """Every iterator gives its first page again and again, with as much remaining as before."""
    return _set(company.faults, iterator_repeats=1)


def single_user(company: SimulatedCompany) -> contextlib.AbstractContextManager[None]:
    """One user has the company file to himself."""
    return _set(company, file_mode="SingleUser")


def old_quickbooks(company: SimulatedCompany) -> contextlib.AbstractContextManager[None]:
    """The file is open in QuickBooks 2005, which knows no iterators."""
    spoken = company.supported
    old = spoken[: spoken.index("4.1") + 1] if "4.1" in spoken else spoken
    return _set(company, product="QuickBooks Pro 2005", major=15, supported=old)


@contextlib.contextmanager
def _set(target: object, **values: Any) -> Iterator[None]:
    before = {name: getattr(target, name) for name in values}
    try:
        for name, value in values.items():
            setattr(target, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(target, name, value)
