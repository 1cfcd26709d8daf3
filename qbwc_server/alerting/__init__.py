"""Alerts: noticing what goes wrong, the words that tell of it, and the thread that delivers them."""

from zoneinfo import ZoneInfo

from qbwc_server.alerting.channels import Channels, Undelivered
from qbwc_server.alerting.courier import Courier
from qbwc_server.alerting.judging import Patience
from qbwc_server.alerting.noticing import Noticing
from qbwc_server.alerting.writing import House
from qbwc_server.settings import Settings
from qbwc_server.store.database import Database

__all__ = ["Channels", "Courier", "House", "Noticing", "Patience", "Undelivered", "make_courier"]


def make_courier(settings: Settings, database: Database) -> Courier:
    """Put the courier together as the settings say; nothing runs yet."""
    channels = Channels.of(settings)
    patience = Patience(settings.office_hours, ZoneInfo(settings.time_zone), settings.alert_after)
    house = House(settings.public_url, settings.time_zone, settings.language)
    return Courier(database, channels, Noticing(database, patience, house, channels.names, database.now))
