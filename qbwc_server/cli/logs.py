"""The program's log on standard error, as text or as one JSON object a line."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final, Literal

_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# The steps of alembic, the queue depth of waitress and the start of spyne tell an operator nothing.
_QUIET: Final = (
    ("alembic", logging.WARNING),
    ("waitress.queue", logging.ERROR),
    ("werkzeug", logging.WARNING),
    ("spyne", logging.WARNING),
)


class _JSONLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def configure(kind: Literal["text", "json"], *, level: int = logging.INFO) -> None:
    """Send the log of the whole program to standard error.

    Args:
        kind: "text" or "json", from QBWC_LOG_FORMAT.
        level: what is the least that is written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSONLines() if kind == "json" else logging.Formatter(_FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in _QUIET:
        logging.getLogger(name).setLevel(least)
