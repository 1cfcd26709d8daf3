"""Messages that are to be delivered: the courier's outbox.

A message is written in the transaction of what it tells of and deleted once it is delivered or given up. Claiming is a
compare-and-set on when it is due: of several processes one gets it, and if that one dies it is due again by itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from qbwc_server.lines import as_line
from qbwc_server.store.tables import messages

CLAIM: Final = timedelta(minutes=5)
LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be.

    Attributes:
        channel: "mail" or "webhook".
        recipient: The address of a mail; None for the webhook, whose address is a setting.
        subject: One line; made one where a name in it is several.
        body: The text.
        payload: What a webhook is sent beside the text.
    """

    channel: str
    recipient: str | None
    subject: str
    body: str = field(repr=False)
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was claimed; `attempts` is how often it was, this time included."""

    id: int
    draft: Draft
    created_at: datetime
    attempts: int


def add(connection: Connection, drafts: Iterable[Draft], now: datetime) -> None:
    """Have messages delivered, from now on."""
    rows = [
        {
            "channel": one.channel,
            "recipient": one.recipient,
            "subject": as_line(one.subject)[:LONGEST_SUBJECT],
            "body": one.body,
            "payload": None if one.payload is None else dict(one.payload),
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for one in drafts
    ]
    if rows:
        connection.execute(insert(messages), rows)


def due(connection: Connection, now: datetime) -> tuple[tuple[int, str], ...]:
    """Return the messages that are due, each with its channel, in the order in which they came to be."""
    query = select(messages.c.id, messages.c.channel).where(messages.c.due_at <= now).order_by(messages.c.id)
    return tuple((row.id, row.channel) for row in connection.execute(query))


def claim(connection: Connection, message_id: int, now: datetime) -> Message | None:
    """Take a message that is due, for at most `CLAIM`; None when somebody else has it or delivered it."""
    row = connection.execute(select(messages).where(messages.c.id == message_id, messages.c.due_at <= now)).first()
    if row is None:
        return None
    taken = connection.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.due_at == row.due_at, messages.c.attempts == row.attempts)
        .values(due_at=now + CLAIM, attempts=row.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    draft = Draft(row.channel, row.recipient, row.subject, row.body, row.payload)
    return Message(row.id, draft, row.created_at, row.attempts + 1)


def postpone(connection: Connection, message: Message, due_at: datetime) -> None:
    """Try a claimed message again later."""
    mine = (messages.c.id == message.id, messages.c.attempts == message.attempts)
    connection.execute(update(messages).where(*mine).values(due_at=due_at))


def done(connection: Connection, message: Message) -> None:
    """Forget a message that is delivered, or given up."""
    connection.execute(delete(messages).where(messages.c.id == message.id))


def waiting(connection: Connection) -> int:
    """Return how many messages are not delivered yet."""
    count: int = connection.execute(select(func.count()).select_from(messages)).scalar_one()
    return count
