"""What a check of a mapping found, without a language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a target's tables that somebody should know.

    Attributes:
        level: "error": nothing is published before it is mended; "warning": some records will be set aside, or
            something will be lost; "note": good to know.
        code: its stable name, such as "needs_value".
        table: the table it is about.
        column: the column, "" where it is about the whole table.
        values: what else the texts need, the statement to copy as "sql" where there is one.
    """

    level: Level
    code: str
    table: str
    column: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key of its text in the catalogue; the cure has the same with `_cure`."""
        return f"mapping.check.{self.code}{'_near' if self.values.get('near') else ''}"

    @property
    def said(self) -> dict[str, str | int]:
        """What the placeholders of both texts stand for."""
        return {"table": self.table, "column": self.column, **self.values}
