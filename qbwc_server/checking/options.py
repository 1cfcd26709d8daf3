"""Settings that are easily forgotten or misspelt: variables nobody reads, and how alerts go out."""

from collections.abc import Mapping

from qbwc_server.checking.finding import Finding, fault, good, guarded, guarded_all, skipped
from qbwc_server.settings import Settings, unknown_variables


def forgotten_settings(settings: Settings, environ: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Check the variables of the environment, mail and webhook.

    Args:
        environ: The environment; the process's own when left out.
    """
    return (
        *guarded_all("variables", lambda: _variables(environ)),
        guarded("mail", lambda: _mail(settings)),
        guarded("webhook", lambda: _webhook(settings)),
    )


def _variables(environ: Mapping[str, str] | None) -> tuple[Finding, ...]:
    unknown = unknown_variables(environ)
    if not unknown:
        return (good("variables", "variables.known"),)
    return tuple(fault("variables", "variables.unknown", name=name) for name in unknown)


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return skipped("mail", "mail.not_set")
    if settings.mail_from is None:
        return fault("mail", "mail.no_sender")
    return good("mail", "mail.set", sender=settings.mail_from)


def _webhook(settings: Settings) -> Finding:
    if settings.alert_webhook is None:
        return skipped("webhook", "webhook.not_set")
    return good("webhook", "webhook.set")
