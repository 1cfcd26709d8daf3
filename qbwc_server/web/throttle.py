"""Slows down the guessing of passwords, without locking out whoever knows theirs.

Theory of operation
-------------------
Wrong sign-ins are counted in this process, three ways: of a name from an address, of an address over all names, and of
a name over all addresses. The first two have a number of tries in five minutes, and wait until the oldest of them is
over. A name that was tried often within an hour is watched: strangers' tries at it are let in one every few seconds,
whoever comes first, and each address has one a minute at most. Nobody is asked to wait longer than that for what others
do, and whoever goes on trying from one address leaves the name free for the rest of the minute. It takes more addresses
than there are turns in a minute (twenty), all of them trying without a pause, to keep one more stranger from a turn.

An address where a name is at home is judged for that name by the first count alone, so that neither a crowd of
strangers nor a neighbour behind the same address locks out who is known there. A name is at home where it has signed in
while this process ran, and where a session of it is: those are in the database for as long as they last, so that
neither a restart nor another process makes a stranger of who is signed in. They are looked up only when a stranger
would have to wait or to take a turn.

What a guesser gets at one name: from one address about 1,440 tries a day, once the first twenty are over; from a
thousand addresses, or however many, no more than 28,800. Each process counts for itself. From one address over all
names: 8,640. From an address where the name is at home: 2,880.

A turn is taken when a try is let in, before its password is weighed, so that tries at the same moment have one between
them. What is refused is not counted and takes no turn, so no waiting grows by trying. Time is what passes while the
machine runs, not what its clock is set to. An IPv6 address counts by its /64, which is what one customer of a provider
has. What is kept is bounded whatever strangers send: names only as a digest, and of each count those that failed last.
The Web Connector does not sign in here.
"""

import hashlib
import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

TRIES_OF_NAME_FROM_ADDRESS: Final = 10
TRIES_OF_ADDRESS: Final = 30
TRIES_OF_NAME: Final = 20
_WINDOW: Final = 5 * 60.0
_WATCHED: Final = 60 * 60.0
_BETWEEN_TURNS: Final = 3.0
_BETWEEN_TURNS_OF_ADDRESS: Final = 60.0
_MOST_KEPT: Final = 10_000
_DIGEST_BYTES: Final = 16
_CUSTOMER_BITS: Final = 64

_Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class _Try:
    """Under what a try is counted: the name from the address, the address, the name."""

    pair: _Key
    address: _Key
    name: _Key


@dataclass(slots=True)
class _Count:
    """The wrong tries of each key within a span of seconds, by the last of them, oldest first."""

    most: int
    span: float
    tries: OrderedDict[_Key, tuple[float, ...]] = field(default_factory=OrderedDict)

    def recent(self, key: _Key, at: float) -> tuple[float, ...]:
        return tuple(each for each in self.tries.get(key, ()) if at - each < self.span)

    def add(self, key: _Key, at: float) -> None:
        # More than the most tell nothing more, however many arrive at once.
        self.tries[key] = (*self.recent(key, at), at)[-self.most :]
        self.tries.move_to_end(key)
        while len(self.tries) > _MOST_KEPT or not self.recent(next(iter(self.tries)), at):
            self.tries.popitem(last=False)

    def wait(self, key: _Key, at: float) -> float:
        recent = self.recent(key, at)
        return self.span - (at - recent[0]) if len(recent) >= self.most else 0.0


class Throttle:
    """Counts wrong sign-ins and says how long to wait before the next.

    Args:
        clock: gives seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pairs = _Count(TRIES_OF_NAME_FROM_ADDRESS, _WINDOW)
        self._addresses = _Count(TRIES_OF_ADDRESS, _WINDOW)
        self._names = _Count(TRIES_OF_NAME, _WATCHED)
        # When each watched name had its last turn.
        self._turns = _Count(1, _BETWEEN_TURNS)
        self._home: OrderedDict[_Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, address: str, name: str, homes: Callable[[], Iterable[str]]) -> float:
        """Let a try in, or say how long to wait before it.

        Args:
            address: from where it comes.
            name: whom it says to be.
            homes: looks up the addresses where the name has a session; called only where that matters.

        Returns:
            The seconds to wait; 0 lets the try in, whose password is then to be weighed.
        """
        tried, at = _try_of(address, name), self._clock()
        with self._lock:
            wait = self._pairs.wait(tried.pair, at)
            if wait or tried.pair in self._home or not self._is_held_up(tried, at):
                return wait
        # Not under the lock: it may take a while.
        at_home = place_of(address) in {place_of(each) for each in homes()}
        with self._lock:
            if at_home:
                self._settle(tried.pair)
            wait = self._wait(tried, at)
            if not wait and not at_home and self._is_watched(tried, at):
                self._turns.add(tried.name, at)
            return wait

    def failed(self, address: str, name: str) -> bool:
        """Count one wrong try, and tell whether it was the one after which the next has to wait for the first time."""
        tried, at = _try_of(address, name), self._clock()
        with self._lock:
            free = not self._wait(tried, at) and not self._is_watched(tried, at)
            self._pairs.add(tried.pair, at)
            self._addresses.add(tried.address, at)
            self._names.add(tried.name, at)
            return free and self._wait(tried, at) > 0

    def passed(self, address: str, name: str) -> None:
        """Forget what was counted of this name from this address, and know it to be at home there from now on."""
        pair = _try_of(address, name).pair
        with self._lock:
            self._pairs.tries.pop(pair, None)
            self._settle(pair)

    def _settle(self, pair: _Key) -> None:
        self._home[pair] = None
        self._home.move_to_end(pair)
        if len(self._home) > _MOST_KEPT:
            self._home.popitem(last=False)

    def _wait(self, tried: _Try, at: float) -> float:
        wait = self._pairs.wait(tried.pair, at)
        if tried.pair in self._home:
            return wait
        return max(wait, self._addresses.wait(tried.address, at), self._until_turn(tried, at))

    def _until_turn(self, tried: _Try, at: float) -> float:
        if not self._is_watched(tried, at):
            return 0.0
        own = self._pairs.recent(tried.pair, at)
        own_turn = own[-1] + _BETWEEN_TURNS_OF_ADDRESS - at if own else 0.0
        return max(0.0, own_turn, self._turns.wait(tried.name, at))

    def _is_watched(self, tried: _Try, at: float) -> bool:
        return self._names.wait(tried.name, at) > 0

    def _is_held_up(self, tried: _Try, at: float) -> bool:
        return self._is_watched(tried, at) or self._addresses.wait(tried.address, at) > 0


def place_of(address: str) -> str:
    """Return under what an address counts: an IPv6 one by its /64, any other by itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:  # noqa: PLR2004 - IPv4
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), _CUSTOMER_BITS), strict=False))


def _try_of(address: str, name: str) -> _Try:
    place, folded = place_of(address), name.casefold().encode("utf-8", "surrogatepass")
    # Always as short, however long the name is.
    digest = hashlib.blake2b(folded, digest_size=_DIGEST_BYTES).digest()
    return _Try((place, digest), (place, b""), ("", digest))
