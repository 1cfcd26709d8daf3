"""What the documents promise."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_each_of_the_eighteen_pains_has_an_answer_with_a_link_to_what_holds_it() -> None:
    lines = (DOCS / "pains.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if re.match(r"\| \d", line)]

    assert [int(row[0]) for row in rows] == list(range(1, 19))
    assert all(re.search(r"\]\(\.\./tests/\S+\)", row[3]) for row in rows)
