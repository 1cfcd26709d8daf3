"""Writes figures, dates and times the way the reader's language does."""

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal

_FALLBACK: Final = "en"
_SPOKEN: Final = frozenset({"en", "fr"})
_MONEY_DIGITS: Final = 2


def number(language: str, digits: Decimal | int | str) -> str:
    """Writes a number with the language's marks and exactly the decimals it came with: "1204.50" -> "1,204.50".

    Args:
        language: "en" or "fr"; any other writes as English does.
        digits: The number, or QuickBooks's digits. Text that is no number is returned as it is.
    """
    return _written(language, digits, least=0)


def money(language: str, digits: Decimal | int | str) -> str:
    """Writes an amount without a currency sign, with two decimals at least and never fewer than it came with."""
    return _written(language, digits, least=_MONEY_DIGITS)


def currency_amount(language: str, digits: Decimal | int | str, currency: str) -> str:
    """Writes an amount with its currency.

    Args:
        language: As for number().
        digits: As for number().
        currency: An ISO 4217 code, for example "CAD".
    """
    value = _decimal(digits)
    if value is None:
        return str(digits)
    return format_currency(value, currency, locale=_locale(language), decimal_quantization=False)


def moment(language: str, when: datetime, zone: str | tzinfo) -> str:
    """Writes a date and a time of day in a time zone: "Nov 24, 2026, 10:25"."""
    local = when.astimezone(_zone(zone))
    return f"{day(language, local)} {clock(language, local, _zone(zone))}"


def clock(language: str, when: datetime, zone: str | tzinfo) -> str:
    """Writes the time of day in a time zone, on the 24-hour clock: "10:25"."""
    return format_datetime(when.astimezone(_zone(zone)), "HH:mm", locale=_locale(language))


def day(language: str, when: date, zone: str | tzinfo | None = None) -> str:
    """Writes a date: "Nov 24, 2026", "24 nov. 2026".

    Args:
        language: As for number().
        when: A date, or a datetime that is turned into the zone first.
        zone: Only for a datetime; without it the datetime's own zone counts.
    """
    if isinstance(when, datetime) and zone is not None:
        when = when.astimezone(_zone(zone))
    return format_date(when, "medium", locale=_locale(language))


def about(language: str, when: datetime, now: datetime, zone: str | tzinfo) -> str:
    """Writes a time as short as it stays clear: the time of day if it is today in that zone, else with the date."""
    own = _zone(zone)
    if when.astimezone(own).date() == now.astimezone(own).date():
        return clock(language, when, own)
    return moment(language, when, own)


def ago(language: str, when: datetime, now: datetime) -> str:
    """Writes a time as a distance from now: "3 minutes ago", "in 2 hours"."""
    return format_timedelta(when - now, add_direction=True, threshold=1, locale=_locale(language))


def duration(language: str, length: timedelta) -> str:
    """Writes a length of time in its largest whole unit: "5 minutes"."""
    return format_timedelta(length, threshold=1, locale=_locale(language))


def _written(language: str, digits: Decimal | int | str, *, least: int) -> str:
    value = _decimal(digits)
    if value is None:
        return str(digits)
    exponent = value.as_tuple().exponent
    decimals = max(least, -exponent if isinstance(exponent, int) else 0)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=_locale(language))


def _decimal(digits: Decimal | int | str) -> Decimal | None:
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _zone(zone: str | tzinfo) -> tzinfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone


@cache
def _locale(language: str) -> Locale:
    return Locale(language if language in _SPOKEN else _FALLBACK)
