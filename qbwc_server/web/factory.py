"""Builds the Flask application of the pages."""

import hashlib
from functools import cache, partial
from pathlib import Path
from typing import Final

from flask import Flask, url_for
from jinja2 import StrictUndefined

from qbwc_server import words
from qbwc_server.publish import Website
from qbwc_server.publishing import Hooks
from qbwc_server.qbxml.lists import LISTS
from qbwc_server.refreshing import Refreshing, saying
from qbwc_server.settings import Settings, secret_key
from qbwc_server.store.database import Database
from qbwc_server.web import (
    account,
    alerts,
    at_pc,
    audit,
    checkup,
    connection,
    errors,
    language,
    open,  # noqa: A004 - the page of that name
    overview,
    pace,
    public,
    queue,
    record,
    schedule,
    security,
    setup,
    signin,
    table,
    technical,
    users,
    webhooks,
)
from qbwc_server.web.rights import why_not
from qbwc_server.web.rows import may_cancel
from qbwc_server.web.shared import Shared, companies, person, shared, title, wording
from qbwc_server.web.targets import here
from qbwc_server.web.throttle import Throttle

_STATIC: Final = Path(__file__).parent / "static"
_BLUEPRINTS: Final = (
    signin.pages,
    language.pages,
    public.pages,
    overview.pages,
    table.pages,
    record.pages,
    queue.pages,
    connection.pages,
    schedule.pages,
    setup.pages,
    checkup.pages,
    at_pc.pages,
    alerts.pages,
    open.pages,
    technical.pages,
    account.pages,
    users.pages,
    audit.pages,
    webhooks.pages,
)


def make_web(
    settings: Settings,
    database: Database,
    refreshing: Refreshing,
    *,
    website: Website | None = None,
    hooks: Hooks | None = None,
    simulated: bool = False,
) -> Flask:
    """Build the pages.

    Args:
        settings: Of them public_url, secret_key, time_zone, language and support_contact.
        database: Our own database: accounts and sessions.
        refreshing: What asking, looking and cancelling mean.
        website: The website's database, for /readyz.
        hooks: The webhooks, for their page.
        simulated: Whether QuickBooks is the demo's own; every page then says so.

    Returns:
        The application, to be served under the path of the public URL (SCRIPT_NAME).
    """
    app = Flask("qbwc_server.web", root_path=str(Path(__file__).parent))
    Shared(settings, database, refreshing, website, simulated, hooks).keep(app)
    security.configure(app, settings.public_url, secret_key(settings))
    app.extensions["qbwc_throttle"] = Throttle()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    signin.csrf.init_app(app)
    app.before_request(signin.guard)
    app.after_request(security.protect)
    app.context_processor(_for_templates)
    errors.install(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _for_templates() -> dict[str, object]:
    reader = wording()
    return {
        "t": reader.text,
        "tn": reader.plural,
        "w": reader,
        "label": reader.label,
        "person": person(),
        "companies": companies,
        "company_title": title,
        "lists": LISTS,
        "simulated": shared().simulated,
        "support_contact": shared().settings.support_contact,
        "languages": words.LANGUAGE_NAMES,
        "here": here,
        "may_cancel": may_cancel,
        "progress_of": partial(saying.progress, reader.language),
        "asker": partial(saying.asker, reader.language),
        "fetch_key": table.fetch_key,
        "poll_seconds": pace.seconds,
        "why_not": why_not,
        "may_be_told": alerts.may_be_told,
        "needs_address": alerts.needs_address,
        "will_be_told": alerts.will_be_told,
        "static": _static,
    }


def _static(name: str) -> str:
    return url_for("static", filename=name, v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
