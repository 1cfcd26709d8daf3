"""Which addresses may be called on behalf of a setting that names a host.

Source: the IANA special-purpose address registries, as `ipaddress` knows them.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Each carries an IPv4 address in its last 32 bits, and a translator on the way calls that one.
_CARRIERS: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96")))
# Not public either, though not every release of `ipaddress` says so: what protocols keep for themselves, tunnels and
# translators within a network, benchmarks, and the old site-local addresses.
_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "100.64.0.0/10",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "64:ff9b:1::/48",
            "2001::/23",
            "fec0::/10",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be called: public addresses, and private ones in networks that are allowed.

    Attributes:
        allowed: the networks.
    """

    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> Self:
        """Return what may be called, given addresses and networks such as "10.0.0.0/8".

        Raises:
            ValueError: one is neither.
        """
        return cls(tuple(ipaddress.ip_network(each, strict=False) for each in networks))

    def may(self, address: str) -> bool:
        """Tell whether an address, in numbers, may be called.

        An IPv6 address that stands for an IPv4 one may be where that one may.
        """
        try:
            whole = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        meant = tuple(_meant(whole))
        return self._within(whole) or all(_public(each) or self._within(each) for each in meant)

    def _within(self, address: Address) -> bool:
        return any(address in network for network in self.allowed)


def _meant(address: Address) -> Iterator[Address]:
    """Yield whom an address leads to: those that it carries, or else itself."""
    carried: tuple[Address, ...] = ()
    if isinstance(address, ipaddress.IPv6Address):
        carried = tuple(each for each in (address.ipv4_mapped, address.sixtofour) if each is not None)
        # The loopback and unspecified addresses stand in ::/96 too, and carry nobody.
        if any(address in network for network in _CARRIERS) and not (address.is_loopback or address.is_unspecified):
            carried = (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    yield from carried or (address,)


def _public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in _NEVER)
