"""The webhooks there are, as values: those of a mapping, and those of qbwc.toml for the default tables.

A webhook is known by its target and the variable of its secret: its address may be corrected, and what waits for it
then goes to the new one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qbwc_server.publish.mapping.model import Webhook
from qbwc_server.publishing.hooks_signing import secrets_in
from qbwc_server.qbxml.lists import LISTS
from qbwc_server.settings import Settings

DEFAULT_TARGETS = tuple(each.table for each in LISTS)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who is told of what was published.

    Attributes:
        name: what deliveries to it are kept under.
        targets: whose records it is told of.
        url: http or https; its path may be a secret.
        secrets: each makes a signature.
    """

    name: str
    targets: tuple[str, ...]
    url: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)

    @property
    def host(self) -> str:
        """What may be shown of its address."""
        return urlsplit(self.url).hostname or ""


def endpoints(settings: Settings, mapped: Iterable[Webhook], environ: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Return the webhooks of the settings and of a mapping.

    Raises:
        BadSecret: a variable does not hold what it should.
    """
    found: list[Endpoint] = []
    seen: Counter[str] = Counter()
    for name, targets, url, variable in _all(settings, mapped):
        seen[name] += 1
        # Two that share target and secret are told apart by their order.
        unique = name if seen[name] == 1 else f"{name}:{seen[name]}"
        found.append(Endpoint(unique, targets, url, secrets_in(variable, environ)))
    return tuple(found)


def _all(settings: Settings, mapped: Iterable[Webhook]) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    for each in settings.webhooks:
        yield f"*:{each.variable}", DEFAULT_TARGETS, each.url.get_secret_value(), each.variable
    for one in mapped:
        yield f"{one.target}:{one.secret}", (one.target,), one.url, one.secret
