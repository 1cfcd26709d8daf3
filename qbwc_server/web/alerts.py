"""Alerts: where they go, whom they reach, which there are, a test; and being told when a refresh is done."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from babel.dates import get_day_names
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.alerting import Channels, House, Undelivered, testing
from qbwc_server.alerting.writing import headline
from qbwc_server.refreshing import Asked, Refresh
from qbwc_server.settings import OfficeHours
from qbwc_server.settings.office_hours import ALWAYS
from qbwc_server.store import alerts, messages, tellings
from qbwc_server.store.alerts import Alert
from qbwc_server.web.shared import need, note, now, person, shared, title, wording

pages = Blueprint("alerts", __name__)
_SHOWN_FOR: Final = timedelta(days=30)
_MOST: Final = 50
_ID: Final = f"<int(max={2**63 - 1}):refresh_id>"
_SETTINGS: Final = {"mail": "smtp_url (QBWC_SMTP_URL)", "webhook": "alert_webhook (QBWC_ALERT_WEBHOOK)"}


@dataclass(frozen=True, slots=True)
class Line:
    """One alert: what is or was wrong, and when."""

    what: str
    when: str


@pages.get("/connection/alerts")
def show() -> str:
    """Show where alerts go, whom they reach and which there are."""
    user, settings = need("admin"), shared().settings
    with shared().database.read() as connection:
        recipients = alerts.recipients(connection)
        own = alerts.address_of(connection, user.name)
        open_ones = alerts.open_ones(connection)
        ended = alerts.recent(connection, now() - _SHOWN_FOR, _MOST)
        unsent = messages.waiting(connection)
    return render_template(
        "alerts.html",
        channels=_channels(),
        settings=settings,
        recipients=recipients,
        own=own,
        hours=_hours(settings.office_hours),
        open_ones=tuple(map(_line, open_ones)),
        ended=tuple(map(_line, ended)),
        unsent=unsent,
    )


@pages.post("/connection/alerts/test")
def test() -> ResponseReturnValue:
    """Send a test message to the reader's own address or to the webhook, and say what came of it."""
    user = need("admin")
    chosen = "webhook" if request.form.get("channel") == "webhook" else "mail"
    with testing.alone() as mine:
        flash(_tried(chosen, user.name) if mine else wording().text("alerts.test_under_way"))
    return redirect(url_for("alerts.show"), 303)


def _tried(chosen: str, name: str) -> str:
    """Send a test message by the channel that was chosen; returns what came of it."""
    reader, channels, settings = wording(), _channels(), shared().settings
    with shared().database.read() as connection:
        own = alerts.address_of(connection, name)
    if chosen not in channels.names:
        return reader.text(f"alerts.{chosen}_not_set")
    if chosen == "mail" and own is None:
        return reader.text("alerts.test_no_email")
    voice = House(settings.public_url, settings.time_zone, settings.language).reader(reader.language)
    with shared().database.write() as connection:
        note(connection, "alert_tested", subject=chosen)
    try:
        if channels.mail is not None and own is not None and chosen == "mail":
            testing.mail(channels.mail, voice, own.email, now())
            return reader.text("alerts.test_mail_taken", email=own.email)
        testing.post(channels.webhook or "", voice, now())
        return reader.text("alerts.test_webhook_taken")
    except Undelivered as trouble:
        host = channels.webhook_host if chosen == "webhook" or channels.mail is None else channels.mail.host
        said = reader.text(f"alerts.trouble.{trouble.kind}", host=host, setting=_SETTINGS[chosen])
        return f"{said} {reader.text('alerts.trouble.said', reply=trouble.reply)}" if trouble.reply else said


@pages.post(f"/refreshes/{_ID}/tell")
def tell(refresh_id: int) -> ResponseReturnValue:
    """Keep whether the reader wants to be written to when a refresh is done."""
    user = need("operator")
    shared().refreshing.get(refresh_id)
    with shared().database.write() as connection:
        kept = tellings.want(connection, refresh_id, user.name, wanted=bool(request.form.get("tell")))
    if not kept:
        flash(wording().text("alerts.done.tell_too_late"))
    return redirect(url_for("queue.one", refresh_id=refresh_id), 303)


def keep_wish(asked: Asked) -> None:
    """Keep, with a refresh just asked for, that the reader ticked the box to be told of its end."""
    user = person()
    if user is None or not request.form.get("tell"):
        return
    with shared().database.write() as connection:
        tellings.want(connection, asked.refresh.id, user.name)


def may_be_told() -> bool:
    """Tell whether the reader can be written to: there is a mail server, and an address in the account."""
    return _channels().mail is not None and _has_address()


def needs_address() -> bool:
    """Tell whether only an address in the account is missing for the reader to be written to."""
    return _channels().mail is not None and person() is not None and not _has_address()


def _has_address() -> bool:
    user = person()
    if user is None:
        return False
    if "has_address" not in g:
        with shared().database.read() as connection:
            g.has_address = alerts.address_of(connection, user.name) is not None
    return bool(g.has_address)


def will_be_told(refresh: Refresh) -> bool | None:
    """Tell whether the reader is to be told of a refresh's end; None where that cannot be chosen."""
    user = person()
    if user is None or refresh.is_final or user.name not in refresh.askers or not may_be_told():
        return None
    with shared().database.read() as connection:
        return tellings.wanted(connection, refresh.id, user.name)


def _channels() -> Channels:
    return Channels.of(shared().settings)


def _hours(hours: OfficeHours) -> str:
    """Write the office hours in the reader's language: "Mon, Tue 08:00-18:00"."""
    reader = wording()
    if str(hours) == ALWAYS:
        return reader.text("alerts.always")
    names = get_day_names("abbreviated", locale=reader.language)
    days = ", ".join(names[day] for day in hours.days)
    return f"{days} {str(hours).rpartition(' ')[2]}"


def _line(alert: Alert) -> Line:
    reader, settings = wording(), shared().settings
    voice = House(settings.public_url, settings.time_zone, settings.language).reader(reader.language)
    what = headline(voice, alert.kind, "" if alert.company is None else title(alert.company))
    begin = reader.spoken(alert.onset_at)
    if alert.recovered_at is None:
        return Line(what, reader.text("alerts.since", time=begin))
    return Line(what, reader.text("alerts.from_to", begin=begin, end=reader.spoken(alert.recovered_at)))
