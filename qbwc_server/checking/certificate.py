"""The certificate of the public address: whether it is trusted, names the host, and how long it is good.

Theory of operation
-------------------
A handshake stops at the first thing that is wrong, so two are made: one that asks only for a trusted chain, and one
that asks for the name as well. What the first refuses is told apart by OpenSSL's number.
Source: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
"""

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from qbwc_server.checking.finding import Finding, fault, good, reason, skipped
from qbwc_server.checking.line import CALL_SECONDS, Address, opened, trusting

CHAIN: Final = "public_url_tls_chain"
NAME: Final = "public_url_host_name"
EXPIRY: Final = "public_url_expiry"
CHECKS: Final = (CHAIN, NAME, EXPIRY)

LEAST_LIFE: Final = timedelta(days=7)
SOON: Final = timedelta(days=21)

_DATES: Final = (9, 10)
_SELF_SIGNED: Final = 18
_UNKNOWN: Final = (2, 19, 20, 21)
_MOST_NAMES: Final = 5


def certificate(address: Address, now: datetime | None = None) -> tuple[Finding, ...]:
    """Check the certificate; three findings, or skipped ones on http."""
    if address.scheme != "https":
        return tuple(skipped(check, "tls.not_https") for check in CHECKS)
    context = trusting()
    context.check_hostname = False
    try:
        with opened(address, address.host, CALL_SECONDS, context) as line:
            shown: dict[str, Any] = line.getpeercert() or {}  # type: ignore[attr-defined]
    except ssl.SSLCertVerificationError as problem:
        return _untrusted(problem)
    except OSError as problem:
        untrusted = fault(CHAIN, "tls.no_tls", host=address.host, port=str(address.port), reason=reason(problem))
        return (untrusted, *(skipped(check, "skipped.chain") for check in (NAME, EXPIRY)))
    return good(CHAIN, "tls.trusted"), _name(address, shown), expiry(shown, now or datetime.now(UTC))


def _untrusted(problem: ssl.SSLCertVerificationError) -> tuple[Finding, ...]:
    name = skipped(NAME, "skipped.chain")
    if problem.verify_code in _DATES:
        return skipped(CHAIN, "skipped.expired"), name, fault(EXPIRY, "tls.expired", reason=problem.verify_message)
    if problem.verify_code == _SELF_SIGNED:
        chain = fault(CHAIN, "tls.self_signed")
    elif problem.verify_code in _UNKNOWN:
        chain = fault(CHAIN, "tls.unknown", reason=problem.verify_message)
    else:
        chain = fault(CHAIN, "tls.refused", reason=problem.verify_message)
    return chain, name, skipped(EXPIRY, "skipped.chain")


def _name(address: Address, shown: dict[str, Any]) -> Finding:
    try:
        opened(address, address.host, CALL_SECONDS).close()
    except ssl.SSLCertVerificationError:
        names = [value for _, value in shown.get("subjectAltName", ())]
        listed = ", ".join(names[:_MOST_NAMES]) + ("…" if len(names) > _MOST_NAMES else "")
        return fault(NAME, "tls.other_name", host=address.host, names=listed or "-")
    return good(NAME, "tls.named", host=address.host)


def expiry(shown: dict[str, Any], now: datetime) -> Finding:
    """Judge how long a certificate is still good."""
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
    left = until - now
    if left < LEAST_LIFE:
        return fault(EXPIRY, "tls.ends", until=until, left=left)
    return good(EXPIRY, "tls.ends_soon" if left < SOON else "tls.lasts", until=until, left=left)
