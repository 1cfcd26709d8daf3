"""Slows down the guessing of passwords, without locking out whoever knows theirs.

Theory of operation
-------------------
Wrong sign-ins are counted in this process, three ways: of a name from an address, of an address over all names, and of
a name over all addresses. The first two have a number of tries in a span of time, and wait until the oldest of them is
over. The third is slowed only, by a delay that doubles with each wrong try up to a few minutes: however long strangers
go on, between two of theirs there is room. And an address from which a name has signed in is judged for that name by
the first count alone, so that neither a crowd of strangers nor a neighbour behind the same address locks out who is
known there.

What is refused here is not counted, so no waiting grows by trying. What is kept is bounded whatever strangers send:
names only as a digest, and of each count those that failed last. The Web Connector does not sign in here.
"""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

TRIES_OF_NAME_FROM_ADDRESS: Final = 10
TRIES_OF_ADDRESS: Final = 30
TRIES_OF_NAME: Final = 20
_WINDOW: Final = timedelta(minutes=5)
_FORGOTTEN: Final = timedelta(hours=1)
_LONGEST_DELAY: Final = timedelta(minutes=5)
_MOST_KEPT: Final = 10_000
_DIGEST_BYTES: Final = 16
_NO_WAIT: Final = timedelta(0)

_Key = tuple[str, bytes]


@dataclass(slots=True)
class _Count:
    """The wrong tries of each key, of late, by the last of them, oldest first."""

    most: int
    span: timedelta
    tries: OrderedDict[_Key, tuple[datetime, ...]] = field(default_factory=OrderedDict)

    def recent(self, key: _Key, at: datetime) -> tuple[datetime, ...]:
        return tuple(each for each in self.tries.get(key, ()) if at - each < self.span)

    def add(self, key: _Key, at: datetime) -> None:
        # More than the most tell nothing more, however many arrive at once.
        self.tries[key] = (*self.recent(key, at), at)[-self.most :]
        self.tries.move_to_end(key)
        while len(self.tries) > _MOST_KEPT or not self.recent(next(iter(self.tries)), at):
            self.tries.popitem(last=False)

    def wait(self, key: _Key, at: datetime) -> timedelta:
        recent = self.recent(key, at)
        return self.span - (at - recent[0]) if len(recent) >= self.most else _NO_WAIT


class Throttle:
    """Counts wrong sign-ins and says how long to wait before the next."""

    def __init__(self) -> None:
        self._pairs = _Count(TRIES_OF_NAME_FROM_ADDRESS, _WINDOW)
        self._addresses = _Count(TRIES_OF_ADDRESS, _WINDOW)
        # As many more as it takes until the delay is the longest.
        self._names = _Count(TRIES_OF_NAME + (_LONGEST_DELAY // timedelta(seconds=1)).bit_length(), _FORGOTTEN)
        self._known: OrderedDict[_Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str, name: str, at: datetime) -> timedelta:
        """Return how long this address has to wait before it tries this name; nothing if it need not."""
        with self._lock:
            return self._wait(address, name, at)

    def failed(self, address: str, name: str, at: datetime) -> bool:
        """Count one wrong try, and tell whether it was the one after which the next has to wait for the first time."""
        pair, alone, anywhere = _keys(address, name)
        with self._lock:
            free = self._wait(address, name, at) == _NO_WAIT and len(self._names.recent(anywhere, at)) < TRIES_OF_NAME
            self._pairs.add(pair, at)
            self._addresses.add(alone, at)
            self._names.add(anywhere, at)
            return free and self._wait(address, name, at) > _NO_WAIT

    def passed(self, address: str, name: str) -> None:
        """Forget what was counted of this name from this address, and know it there from now on."""
        pair, _, _ = _keys(address, name)
        with self._lock:
            self._pairs.tries.pop(pair, None)
            self._known[pair] = None
            self._known.move_to_end(pair)
            if len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)

    def _wait(self, address: str, name: str, at: datetime) -> timedelta:
        pair, alone, anywhere = _keys(address, name)
        wait = self._pairs.wait(pair, at)
        if pair in self._known:
            return wait
        return max(wait, self._addresses.wait(alone, at), self._delay(anywhere, at))

    def _delay(self, anywhere: _Key, at: datetime) -> timedelta:
        recent = self._names.recent(anywhere, at)
        if len(recent) < TRIES_OF_NAME:
            return _NO_WAIT
        delay = min(_LONGEST_DELAY, timedelta(seconds=1 << (len(recent) - TRIES_OF_NAME)))
        return max(_NO_WAIT, recent[-1] + delay - at)


def _keys(address: str, name: str) -> tuple[_Key, _Key, _Key]:
    """Return under what a try is counted, always as short: the name from the address, the address, the name."""
    folded = name.casefold().encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(folded, digest_size=_DIGEST_BYTES).digest()
    return (address, digest), (address, b""), ("", digest)
