"""What an answer consists of, beside its records, and what must be known to read it.

Source: qbXML SDK facts, "Envelope", "Iterators", "Status codes".
"""

from dataclasses import dataclass

from qbwc_server.qbxml.lists import list_type

DELETED_ANSWER = "ListDeletedQueryRs"


@dataclass(frozen=True, slots=True)
class ListQueryContext:
    """What is known of a query whose answer is awaited.

    Attributes:
        list: the list it asks.
        asked: the fields asked for.
        private: the private fields that the owner publishes.
        volatile: whether it is a light sweep: then nothing is read or filled in but what was asked for.
    """

    list: str
    asked: frozenset[str]
    private: frozenset[str] = frozenset()
    volatile: bool = False

    @property
    def answer_element(self) -> str:
        """The element that answers it."""
        return list_type(self.list).answer_element


@dataclass(frozen=True, slots=True)
class DeletedContext:
    """What is known of a query for deletions whose answer is awaited: the list it asks about."""

    list: str

    @property
    def answer_element(self) -> str:
        """The element that answers it."""
        return DELETED_ANSWER


Context = ListQueryContext | DeletedContext


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The start of the answer to one request.

    Attributes:
        element: ``CustomerQueryRs``.
        request_id: the requestID that it answers.
        status_code: 0 to 499 mean data (1: there is none), 500 to 999 that something was missing, 1000 and more an
            error.
        severity: ``Info``, ``Warn``, ``Error`` as QuickBooks says it; decide by the code.
        message: QuickBooks's own sentence, in its language.
        iterator_id: to continue with, or None.
        remaining: records that the iterator still has; None where it is not said.
        ret_count: how many records match; None where it is not said.
    """

    element: str
    request_id: str
    status_code: int
    severity: str
    message: str
    iterator_id: str | None
    remaining: int | None
    ret_count: int | None


@dataclass(frozen=True, slots=True)
class AnswerEnd:
    """The end of the answer to one request.

    Attributes:
        request_id: the requestID that it answered.
        count: how many records or deletions it gave.
        unreadable: how many more it had that were skipped, since it cannot be told which record each is about.
    """

    request_id: str
    count: int
    unreadable: int = 0
