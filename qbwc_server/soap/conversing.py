"""What the SOAP door needs from the object that holds the conversation with the Web Connector."""

from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called: the peer's address and what it calls itself; either may be ""."""

    address: str
    user_agent: str


class Conversation(Protocol):
    """The eight calls of the Web Connector, in its order. Source: QBWC guide ch. 10.

    Text that was absent or nil in the request is "". Whatever a call raises becomes the answer the protocol has for
    trouble; see `service`. A caller has the attributes of `Caller`.
    """

    def server_version(self) -> str:
        """Returns the text QBWC shows as the server's version."""
        ...

    def client_version(self, version: str, caller: Any, /) -> str:
        """Returns "" to go on, or W:, E:, O: and a text."""
        ...

    def authenticate(self, user_name: str, password: str, caller: Any, /) -> tuple[str, ...]:
        """Returns the ticket, the company file or none/nvu/busy, and at most two numbers of seconds."""
        ...

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int, /
    ) -> str:
        """Returns qbXML, or "" when there is none."""
        ...

    def receive_response(self, ticket: str, response: BinaryIO, hresult: str, message: str, /) -> int:
        """Returns the percentage done, or a negative number.

        `response` is QuickBooks' answer in UTF-8, at its start; it is closed after the call.
        """
        ...

    def connection_error(self, ticket: str, hresult: str, message: str, /) -> str:
        """Returns "done", or the company file to try."""
        ...

    def get_last_error(self, ticket: str, /) -> str:
        """Returns a sentence for the person at QuickBooks, or NoOp."""
        ...

    def close_connection(self, ticket: str, /) -> str:
        """Returns a sentence for the Web Connector's status column."""
        ...
