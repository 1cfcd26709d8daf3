"""What a call of QBWC does: visits, handing out work, taking answers in."""

from qbwc_server.conversation.handing_out import Manner
from qbwc_server.conversation.visiting import Conversation
from qbwc_server.conversation.watch import Watch

__all__ = ["Conversation", "Manner", "Watch"]
