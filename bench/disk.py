"""How long the disk takes to make one commit safe: a refresh is eight of these, and no program can shorten them."""

import os
import time
from pathlib import Path

_PAGE = 4096


def flush_cost(folder: Path, count: int) -> float:
    """Return the seconds to append one page of a database to a file and have it on disk: the mean of `count`."""
    page = b"." * _PAGE
    with (folder / "flush").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(count):
            file.write(page)
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / count
