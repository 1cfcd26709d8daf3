"""What asking, cancelling and looking does; every door uses this and nothing below it for refreshes."""

from qbwc_server.refreshing.asking import Refreshing
from qbwc_server.refreshing.connections import Office
from qbwc_server.refreshing.errors import (
    BadWish,
    CompanyNeeded,
    IdempotencyConflict,
    NotAsked,
    NotFailed,
    NotWaiting,
    RefreshingError,
    UnknownCompany,
    UnknownRecord,
    UnknownRefresh,
)
from qbwc_server.refreshing.schedules import BadSchedule, CompanySchedule, ScheduleView
from qbwc_server.refreshing.views import (
    Asked,
    CompanyView,
    ConnectionView,
    FieldChange,
    Hit,
    PublishingView,
    RecordPage,
    RecordView,
    Refresh,
)
from qbwc_server.refreshing.wishes import Wish, fault_of

__all__ = [
    "Asked",
    "BadSchedule",
    "BadWish",
    "CompanyNeeded",
    "CompanySchedule",
    "CompanyView",
    "ConnectionView",
    "FieldChange",
    "Hit",
    "IdempotencyConflict",
    "NotAsked",
    "NotFailed",
    "NotWaiting",
    "Office",
    "PublishingView",
    "RecordPage",
    "RecordView",
    "Refresh",
    "Refreshing",
    "RefreshingError",
    "ScheduleView",
    "UnknownCompany",
    "UnknownRecord",
    "UnknownRefresh",
    "Wish",
    "fault_of",
]
