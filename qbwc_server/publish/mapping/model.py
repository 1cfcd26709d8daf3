"""A mapping as values; `mapping.file` reads them from a mapping.toml, which holds no code.

Source: docs/mapping.md.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Missing = Literal["insert", "skip"]
Empty = Literal["null", "keep", "text"]
When = Literal["always", "changed", "insert"]
ColumnType = Literal["text", "decimal", "int", "bool", "date", "datetime", "json"]
Constant = str | int | bool | Decimal

NOW = "@now"
UUID4 = "@uuid4"
GENERATED = (NOW, UUID4)
"""Constants that are made anew for each row."""


@dataclass(frozen=True, slots=True)
class Transform:
    """One of the closed list of transforms, such as "trim" or "truncate:40".

    Attributes:
        name: of the transform.
        argument: what stands behind its colon; "" without one.
        words: of `map` alone: what becomes what.
    """

    name: str
    argument: str = ""
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """A foreign key: the row of another table that a value names.

    Attributes:
        table: the other table.
        match: its column that is compared with the value.
        give: its column whose value is taken.
        missing: without such a row: NULL is written, or the record is held for a person.
    """

    table: str
    match: str
    give: str
    missing: Literal["null", "hold"] = "null"


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What one column is filled with.

    Attributes:
        column: its name.
        field: the QuickBooks field, such as "BillAddress.City" or "Custom.Colour"; None for a constant.
        value: the constant; one of `GENERATED` is made anew; None for a field.
        when: written always, only when another column changes, or only into a new row.
        transforms: in this order.
        empty: what an absent field does: NULL, the column keeps its value, or an empty text; None: as the target says.
        type: of the value, where the field's own does not say it.
        scale: most decimals of a decimal; None for as many as the column takes.
        private: the owner says that this private field may be shown.
        lookup: the row of another table that the value names, if it does.
    """

    column: str
    field: str | None = None
    value: Constant | None = None
    when: When = "always"
    transforms: tuple[Transform, ...] = ()
    empty: Empty | None = None
    type: ColumnType | None = None
    scale: int | None = None
    private: bool = False
    lookup: Lookup | None = None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One column of a target's key.

    Attributes:
        column: its name.
        field: the QuickBooks field; None where it is another target's.
        of_target: the target whose row of the same record is meant ("products.id" as `of_target` and `of_column`).
        of_column: that row's column.
    """

    column: str
    field: str | None = None
    of_target: str | None = None
    of_column: str | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """One closed test of `only`: the field holds one of these texts; a record that has none of them is inactive.

    Attributes:
        field: the QuickBooks field.
        among: the texts, numbers in QuickBooks's digits, booleans as "true" and "false"; "" also means an absent field.
    """

    __test__ = False

    field: str
    among: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetRule:
    """How the records of one list become rows of one table.

    Attributes:
        name: of the target; unique in the mapping, [a-z0-9_-]{1,40}.
        list: the list, such as "customer".
        table: the website's table.
        key: its columns that tell which row is the record's; at least one.
        columns: what else is filled, in the order of the file.
        schema: of the table, on PostgreSQL; None for the connection's own.
        company: whose records; None where the installation has one company.
        types: of items: only those of these types; () for all.
        only: what else a record must be; all tests must hold.
        adopt: rules that find a row which existed before, tried in this order while its key is NULL; each is columns
            and fields.
        missing: what a record without a row does.
        inactive: columns and constants to be set for a record that is inactive or does not match `only`; () = nothing.
        notfound: a tombstone is only reported, or treated as inactive.
        empty: what an absent field does in columns that do not say it themselves.
        allow_no_transactions: the owner knows that the table's engine has none.
    """

    name: str
    list: str
    table: str
    key: tuple[KeyPart, ...]
    columns: tuple[ColumnRule, ...]
    schema: str | None = None
    company: str | None = None
    types: tuple[str, ...] = ()
    only: tuple[Test, ...] = ()
    adopt: tuple[tuple[tuple[str, str], ...], ...] = ()
    missing: Missing = "insert"
    inactive: tuple[tuple[str, Constant], ...] = ()
    notfound: Literal["report", "same-as-inactive"] = "report"
    empty: Empty = "null"
    allow_no_transactions: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """Whom to tell after a record was published.

    Attributes:
        target: the target's name.
        url: where.
        secret: name of the environment variable that holds the secret.
    """

    target: str
    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """A whole mapping.toml.

    Attributes:
        targets: in the order of the file; one that another's key names comes before that one.
        state_table: ours, in the website's database.
        webhooks: after publishing.
    """

    targets: tuple[TargetRule, ...]
    state_table: str = "qbwc_publish_state"
    webhooks: tuple[Webhook, ...] = ()
