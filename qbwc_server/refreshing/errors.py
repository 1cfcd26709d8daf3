"""What can be wrong with a request of a door; one class a cause."""

from qbwc_server import words


class RefreshingError(Exception):
    """A request that cannot be met. `status` is the HTTP status that says so."""

    status = 400


class UnknownCompany(RefreshingError):
    """No company has that name."""

    status = 404

    def __init__(self, company: str) -> None:
        super().__init__(f"There is no company '{company}'; 'qbwc company list' shows those there are.")


class CompanyNeeded(RefreshingError):
    """Several companies exist, or none, and none was named."""

    status = 422

    def __init__(self, names: tuple[str, ...]) -> None:
        if names:
            super().__init__(f"Several companies exist ({', '.join(names)}); say which one is meant.")
        else:
            super().__init__("No company exists yet; make one with 'qbwc company add NAME'.")


class BadWish(RefreshingError):
    """What is asked for cannot be asked for.

    Args:
        reason: the part of the catalogue's key after "error.wish_".
        values: of the text.

    Attributes:
        key: of the text in the catalogue, for people; as a string the error is that text in English.
        values: of the text.
    """

    status = 422

    def __init__(self, reason: str, **values: object) -> None:
        self.key = f"error.wish_{reason}"
        self.values = values
        super().__init__(words.text("en", self.key, **values))


class IdempotencyConflict(RefreshingError):
    """The same Idempotency-Key came with another request."""

    status = 422

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request; use a new key for a new request.")


class UnknownRefresh(RefreshingError):
    """No refresh has that id."""

    status = 404

    def __init__(self, refresh_id: int) -> None:
        super().__init__(f"There is no refresh {refresh_id}; 'qbwc queue list' shows those there are.")


class NotWaiting(RefreshingError):
    """It has gone out already, or is final."""

    status = 409

    def __init__(self, refresh_id: int, state: str) -> None:
        super().__init__(f"Refresh {refresh_id} is {state}; only one that waits can be cancelled.")


class NotAsked(RefreshingError):
    """Somebody else asked for it."""

    status = 409

    def __init__(self, refresh_id: int) -> None:
        super().__init__(
            f"Refresh {refresh_id} was asked for by somebody else; only who asked, or an administrator, can cancel it."
        )


class NotFailed(RefreshingError):
    """Only what failed or was cancelled can be tried again."""

    status = 409

    def __init__(self, refresh_id: int, state: str) -> None:
        super().__init__(f"Refresh {refresh_id} is {state}; only one that failed or was cancelled can be retried.")


class UnknownRecord(RefreshingError):
    """The record was never seen."""

    status = 404

    def __init__(self, list_name: str, list_id: str) -> None:
        super().__init__(f"No {list_name} '{list_id}' has come from QuickBooks yet; ask for it by a refresh.")
