"""qbXML statuses as the simulated QuickBooks words them. Source: qbXML reference, "Status codes"."""

from dataclasses import dataclass

_FIRST_WARNING = 500
_FIRST_ERROR = 1000

OK = 0
NOTHING_MATCHED = 1
NOT_ALL_FOUND = 500
REQUEST_ID_TOO_LONG = 1060
BAD_OBJECT_ID = 3000
BAD_DATE = 3020
FROM_LATER_THAN_TO = 3030
BAD_STRING_RANGE = 3031
BAD_VALUE = 3210
EARLIER_ONE_FAILED = 3231
WRITE_REFUSED = 3263
BAD_ITERATOR = 3391

_MESSAGES = {
    OK: "Status OK",
    NOTHING_MATCHED: "Nothing in QuickBooks matches what this request asked for.",
    NOT_ALL_FOUND: "The query was answered only in part: QuickBooks has no {what}.",
    1000: "QuickBooks met an internal error while it worked on this request.",
    1030: "This request is not supported by this QuickBooks.",
    REQUEST_ID_TOO_LONG: "The requestID is longer than 50 characters.",
    BAD_OBJECT_ID: "The object ID {what} is not valid.",
    BAD_DATE: "The date {what} cannot be converted.",
    FROM_LATER_THAN_TO: "The first date of the range is after the last one.",
    BAD_STRING_RANGE: "The first name of the range comes after the last one.",
    3120: "The object {what} that this request names cannot be found.",
    3175: "A record is in use at another place in QuickBooks.",
    BAD_VALUE: "The value of {what} is not valid here.",
    EARLIER_ONE_FAILED: "This request was not worked on because an earlier one failed.",
    3250: "This feature is not switched on, or this QuickBooks does not have it.",
    3260: "The QuickBooks user is not permitted to do this.",
    3261: "This application is not permitted to see this data.",
    WRITE_REFUSED: "This application may only read from QuickBooks.",
    BAD_ITERATOR: "There is no iterator {what} here.",
}


@dataclass(frozen=True, slots=True)
class Status:
    """How one request ended: code, severity (`Info`, `Warn`, `Error`) and a sentence."""

    code: int
    message: str

    @property
    def severity(self) -> str:
        """Follows from the code."""
        if self.code < _FIRST_WARNING:
            return "Info"
        return "Warn" if self.code < _FIRST_ERROR else "Error"

    @property
    def is_error(self) -> bool:
        """Whether the request gave no data and, under stopOnError, ends the message set."""
        return self.code >= _FIRST_ERROR


def status(code: int, what: str = "") -> Status:
    """The status of this code; `what` names the object, date or element its sentence is about."""
    message = _MESSAGES.get(code, "QuickBooks could not do what this request asked for.")
    return Status(code, message.format(what=f'"{what}"'))


class QueryStatusError(Exception):
    """The request ends with this status and no data."""

    def __init__(self, code: int, what: str = "") -> None:
        super().__init__(code)
        self.status = status(code, what)
