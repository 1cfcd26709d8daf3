"""The files of deploy/ as somebody puts them in place who follows what they say."""

import re
from pathlib import Path
from typing import Final

DEPLOY: Final = Path(__file__).parents[3] / "deploy"
TWO: Final = "nginx-two.conf"
_UPSTREAM: Final = re.compile(r"^upstream qbwc_server \{\n.*?^\}\n", re.MULTILINE | re.DOTALL)


def shipped_text(file: str) -> str:
    """Return a file; that for two processes as the part of nginx.conf that it is."""
    text = (DEPLOY / file).read_text(encoding="utf-8")
    if file != TWO:
        return text
    (block,) = _UPSTREAM.findall(text)
    whole, replaced = _UPSTREAM.subn(lambda _: block, (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    assert replaced == 1
    return whole
