"""A mapping judged against tables described by hand, and what counts as a change of a table."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from qbwc_server import words
from qbwc_server.publish.engine import Backend
from qbwc_server.publish.mapping.checks import Finding, judge
from qbwc_server.publish.mapping.fingerprint import What, differences, fingerprint
from qbwc_server.publish.mapping.model import NOW, UUID4, ColumnRule, Constant, KeyPart, Lookup, TargetRule, Transform
from qbwc_server.publish.mapping.names import nearest
from qbwc_server.publish.mapping.reflected import (
    ForeignKey,
    Limit,
    OtherTable,
    Reflected,
    ReflectedColumn,
    Rights,
    UnreadableReflection,
    from_json,
    to_json,
)
from qbwc_server.publish.mapping.rights import granted

KEY = ReflectedColumn("qb_list_id", Limit("text", "varchar(36)", length=36))
ID = ReflectedColumn("id", Limit("int", "bigint", is_nullable=False), has_default=True, filled="identity")


def table(*columns: ReflectedColumn, **given: object) -> Reflected:
    fields: dict[str, object] = {"primary_key": ("id",), "unique": (("qb_list_id",),), **given}
    return Reflected("products", (ID, KEY, *columns), **fields)  # type: ignore[arg-type]


def target(*columns: ColumnRule, **given: object) -> TargetRule:
    fields: dict[str, object] = {
        "name": "products",
        "list": "item",
        "table": "products",
        "key": (KeyPart("qb_list_id", "ListID"),),
        "columns": columns,
        **given,
    }
    return TargetRule(**fields)  # type: ignore[arg-type]


def limit(kind: str, written: str = "", **given: object) -> Limit:
    return Limit(kind, written or kind, **given)  # type: ignore[arg-type]


def judged(
    of: Limit, backend: Backend = "postgresql", list_name: str = "item", **given: object
) -> list[tuple[str, str]]:
    """Level and code of what is found about one column filled so."""
    rule = target(ColumnRule("x", **given), list=list_name)  # type: ignore[arg-type]
    return [(each.level, each.code) for each in judge(rule, table(ReflectedColumn("x", of)), backend)]


# --- one value in one column ---


@pytest.mark.parametrize(
    ("field", "of"),
    [
        ("FullName", limit("text", length=159)),
        ("FullName", limit("text")),
        ("FullName", limit("any")),
        ("Price", limit("decimal", digits=15, scale=5)),
        ("Price", limit("decimal")),
        ("Sublevel", limit("int", lowest=-(2**31), highest=2**31 - 1)),
        ("IsActive", limit("bool")),
        ("Custom.Colour", limit("text", length=20)),
        ("Type", limit("text", length=40)),
    ],
)
def test_a_field_in_a_column_made_for_it_is_well(field: str, of: Limit) -> None:
    assert judged(of, field=field) == []


@pytest.mark.parametrize(
    ("field", "of", "code"),
    [
        ("FullName", limit("int"), "wrong_type"),
        ("FullName", limit("bytes"), "wrong_kind"),
        ("FullName", limit("other", "geometry"), "wrong_kind"),
        ("FullName", limit("uuid"), "wrong_kind"),
        ("Price", limit("text"), "wrong_type"),
        ("Price", limit("bool"), "wrong_type"),
        ("Price", limit("int"), "money_int"),
        ("IsActive", limit("text"), "wrong_type"),
        ("IsActive", limit("datetime"), "wrong_type"),
        ("IsActive", limit("enum", words=("on", "off")), "bool_enum"),
        ("Custom", limit("int"), "wrong_kind"),
    ],
)
def test_a_field_in_a_column_of_another_sort_is_an_error(field: str, of: Limit, code: str) -> None:
    assert judged(of, field=field) == [("error", code)]


@pytest.mark.parametrize(
    ("value", "of", "code"),
    [
        (NOW, limit("date"), "wrong_type"),
        (NOW, limit("int"), "wrong_kind"),
        (UUID4, limit("text", length=32), "constant_long"),
        (UUID4, limit("int"), "wrong_kind"),
        ("quickbooks", limit("text", length=5), "constant_long"),
        ("quickbooks", limit("enum", words=("QuickBooks", "shop")), "enum_outside"),
        (300, limit("int", lowest=-128, highest=127), "constant_range"),
        (Decimal("123.4"), limit("decimal", digits=3, scale=1), "fewer_digits"),
        (True, limit("text"), "wrong_type"),
    ],
)
def test_a_constant_that_its_column_cannot_take_is_an_error(value: Constant, of: Limit, code: str) -> None:
    assert judged(of, value=value) == [("error", code)]


@pytest.mark.parametrize(
    ("value", "of"),
    [
        (NOW, limit("datetime")),
        (UUID4, limit("uuid")),
        (UUID4, limit("text", length=36)),
        ("shop", limit("enum", words=("QuickBooks", "shop"))),
        (127, limit("int", lowest=-128, highest=127)),
        (0, limit("decimal", digits=10, scale=2)),
        (False, limit("bool")),
    ],
)
def test_a_constant_that_its_column_takes_is_well(value: Constant, of: Limit) -> None:
    assert judged(of, value=value) == []


@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mysql"])
def test_a_boolean_may_stand_in_a_whole_number(backend: Backend) -> None:
    assert judged(limit("int", lowest=-128, highest=127), backend, field="IsActive") == []


def test_a_date_may_stand_in_a_column_of_times_but_no_time_in_one_of_dates() -> None:
    assert judged(limit("datetime"), field="FullName", transforms=(Transform("date"),)) == []
    assert judged(limit("date"), value=NOW) == [("error", "wrong_type")]


def test_only_sqlite_keeps_times_as_text() -> None:
    assert judged(limit("text"), "sqlite", value=NOW) == []
    assert judged(limit("text"), "mysql", value=NOW) == [("error", "wrong_type")]


@pytest.mark.parametrize(
    ("field", "of", "found"),
    [
        ("FullName", limit("text", length=100), ("warning", "shorter")),
        ("FullName", limit("text", size=100), ("warning", "shorter")),
        ("Price", limit("float"), ("warning", "float")),
        ("Price", limit("decimal", digits=15, scale=2), ("warning", "fewer_decimals")),
        ("QuantityOnHand", limit("int"), ("warning", "fewer_decimals")),
        ("Price", limit("decimal", digits=8, scale=5), ("note", "fewer_digits")),
        ("Sublevel", limit("int", lowest=-128, highest=127), ("note", "narrow_int")),
        ("FullName", limit("enum", words=("a",)), ("warning", "enum_open")),
        ("FullName", limit("text", length=200, is_padded=True), ("note", "padded")),
    ],
)
def test_what_holds_less_than_quickbooks_does_is_told(field: str, of: Limit, found: tuple[str, str]) -> None:
    assert judged(of, field=field) == [found]


@pytest.mark.parametrize(
    ("given", "of", "found"),
    [
        ({"transforms": (Transform("truncate", "40"),)}, limit("text", length=40), []),
        ({"transforms": (Transform("truncate", "41"),)}, limit("text", length=40), [("warning", "shorter")]),
        ({"transforms": (Transform("prefix", "QB-"),)}, limit("text", length=160), [("warning", "shorter")]),
        ({"field": "Price", "transforms": (Transform("cents"),)}, limit("int", highest=2**31, lowest=0), []),
        ({"field": "Price", "type": "text"}, limit("text", length=20), []),
        ({"field": "Price", "type": "text"}, limit("text", length=10), [("warning", "shorter")]),
        ({"field": "Price", "scale": 2}, limit("decimal", digits=12, scale=2), []),
        ({"field": "Custom.Stock", "type": "int"}, limit("int"), []),
        ({"transforms": (Transform("date"),)}, limit("date"), []),
    ],
)
def test_what_is_made_of_a_field_counts(given: dict[str, Any], of: Limit, found: list[tuple[str, str]]) -> None:
    assert judged(of, **{"field": "FullName", **given}) == found


def test_mapped_words_outside_an_enum_are_an_error_and_other_values_a_warning() -> None:
    of = limit("enum", words=("active", "off"))

    def mapped(**table: str) -> tuple[Transform, ...]:
        return (Transform("map", words=tuple(table.items())),)

    assert judged(of, field="IsActive", transforms=mapped(true="active", false="off")) == []
    # An enum is compared letter for letter.
    assert judged(of, field="IsActive", transforms=mapped(true="Active", false="off")) == [("error", "enum_outside")]
    # What is not mapped goes through as it is: "false".
    assert judged(of, field="IsActive", transforms=mapped(true="active")) == [("error", "enum_outside")]
    assert judged(of, field="Type", transforms=mapped(Inventory="active")) == [("warning", "enum_open")]
    assert judged(of, field="Type", transforms=mapped(Inventory="stock")) == [("error", "enum_outside")]


def test_constants_for_inactive_records_are_judged_too() -> None:
    column = ReflectedColumn("state", limit("enum", words=("live", "gone")))
    rule = target(inactive=(("state", "hidden"), ("actve", False)))

    assert {(each.code, each.column) for each in judge(rule, table(column), "mysql")} == {
        ("enum_outside", "state"),
        ("column_missing", "actve"),
    }


# --- the row as a whole ---


def codes(found: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(each.code, each.column) for each in found}


def needed(name: str, kind: str, **given: Any) -> ReflectedColumn:
    return ReflectedColumn(name, limit(kind, is_nullable=False, **given), is_used=False)


@pytest.mark.parametrize(
    ("column", "line"),
    [
        (needed("created_at", "datetime"), 'created_at = { value = "@now", when = "insert" }'),
        (needed("updated_at", "datetime"), 'updated_at = { value = "@now", when = "changed" }'),
        (needed("token", "uuid"), 'token = { value = "@uuid4", when = "insert" }'),
        (needed("guid", "text", length=36), 'guid = { value = "@uuid4", when = "insert" }'),
        (needed("state", "enum", words=("draft", "live")), 'state = { value = "draft", when = "insert" }'),
        (needed("views", "int"), 'views = { value = 0, when = "insert" }'),
        (needed("note", "text"), 'note = { value = "", when = "insert" }'),
    ],
)
def test_a_column_that_a_new_row_needs_comes_with_a_line_that_fits(column: ReflectedColumn, line: str) -> None:
    (found,) = judge(target(), table(column), "postgresql")

    assert (found.level, found.code, found.values["line"]) == ("error", "needs_value", line)
    assert judge(target(missing="skip"), table(column), "postgresql") == ()


def test_no_constant_is_proposed_where_each_row_needs_a_value_of_its_own() -> None:
    slug = needed("slug", "text")

    (found,) = judge(target(), table(slug, unique=(("qb_list_id",), ("slug",))), "postgresql")

    assert found.values["line"] == 'slug = { from = "…" }'


def test_a_key_with_too_little_room_is_to_be_widened_not_cut() -> None:
    short = replace(KEY, limit=limit("text", length=20))
    of = Reflected("products", (ID, short), ("id",), (("qb_list_id",),))

    assert codes(judge(target(), of, "postgresql")) == {("key_shorter", "qb_list_id")}


def test_a_needed_reference_comes_with_a_lookup() -> None:
    of = table(needed("category_id", "int"), foreign_keys=(ForeignKey("category_id", "categories", "id"),))

    (found,) = judge(target(), of, "postgresql")

    assert 'lookup = { table = "categories", match = "…", give = "id"' in str(found.values["line"])


def test_a_field_that_can_be_absent_does_not_go_unsaid_into_a_column_that_must_not_be_empty() -> None:
    of = limit("text", is_nullable=False)

    assert judged(of, field="ManufacturerPartNumber") == [("warning", "empty_text")]
    assert judged(of, field="ManufacturerPartNumber", empty="text") == []
    assert judged(of, field="FullName") == []
    assert judged(limit("decimal", is_nullable=False), field="Price") == [("warning", "empty_null")]


def test_what_is_to_be_kept_must_be_there_in_a_new_row_as_well() -> None:
    bare = ReflectedColumn("price", limit("decimal", is_nullable=False))
    rule = target(ColumnRule("price", "Price", empty="keep"))

    assert codes(judge(rule, table(bare), "mysql")) == {("empty_null", "price")}
    assert judge(rule, table(replace(bare, has_default=True)), "mysql") == ()
    assert judge(replace(rule, missing="skip"), table(bare), "mysql") == ()


def test_rows_with_a_key_that_must_not_be_empty_cannot_be_adopted() -> None:
    key = replace(KEY, limit=replace(KEY.limit, is_nullable=False))
    sku = ReflectedColumn("sku", limit("text"))
    of = Reflected("products", (ID, key, sku), ("id",), (("qb_list_id",),))

    assert codes(judge(target(adopt=((("sku", "FullName"),),)), of, "mysql")) == {("adopt_not_null", "qb_list_id")}
    assert judge(target(), of, "mysql") == ()


def test_a_unique_part_of_a_key_is_enough() -> None:
    rule = target(key=(KeyPart("qb_list_id", "ListID"), KeyPart("kind", "Type")))
    of = table(ReflectedColumn("kind", limit("text")))

    assert judge(rule, of, "postgresql") == ()
    (found,) = judge(rule, replace(of, unique=(("kind", "qb_list_id", "shop"),)), "postgresql")
    assert found.values["sql"] == (
        'CREATE UNIQUE INDEX "products_qb_list_id_kind_key" ON "products" ("qb_list_id", "kind");'
    )


def test_a_plain_value_where_a_row_of_another_table_is_meant_is_told() -> None:
    of = table(
        ReflectedColumn("category_id", limit("text")), foreign_keys=(ForeignKey("category_id", "categories", "code"),)
    )

    (found,) = judge(target(ColumnRule("category_id", "Parent.ListID")), of, "postgresql")

    assert (found.code, 'from = "Parent.ListID"' in str(found.values["line"])) == ("foreign_key", True)


def test_a_lookup_that_finds_nothing_must_not_write_null_where_none_may_be() -> None:
    of = table(
        ReflectedColumn("category_id", limit("int", is_nullable=False)),
        others=(OtherTable("category_id", "categories", "lookup"),),
    )

    def by(missing: str) -> set[tuple[str, str]]:
        lookup = Lookup("categories", "name", "id", missing)  # type: ignore[arg-type]
        return codes(judge(target(ColumnRule("category_id", "Parent.ListID", lookup=lookup)), of, "postgresql"))

    assert by("null") == {("lookup_null", "category_id")}
    assert by("hold") == set()


def test_no_transactions_are_an_error_unless_the_owner_knows() -> None:
    of = table(engine="MyISAM")

    assert [(each.level, each.code) for each in judge(target(), of, "mysql")] == [("error", "engine")]
    assert judge(target(allow_no_transactions=True), of, "mysql") == ()
    assert judge(target(), table(engine="InnoDB"), "mysql") == ()


def test_errors_come_first() -> None:
    of = table(ReflectedColumn("x", limit("float")), triggers=("a",), engine="MyISAM")

    found = judge(target(ColumnRule("x", "Price")), of, "mysql")

    assert [each.level for each in found] == ["error", "warning", "note"]


def test_a_schema_is_for_postgresql() -> None:
    assert codes(judge(target(schema="shop"), table(), "mysql")) == {("schema", "")}
    assert judge(target(schema="shop"), table(), "postgresql") == ()


@pytest.mark.parametrize(
    ("name", "near"), [("Products", "products"), ("prodcts", "products"), ("orders", ""), ("Customer", "customers")]
)
def test_the_nearest_name_is_guessed(name: str, near: str) -> None:
    assert nearest(name, ["products", "customers"]) == near


# --- rights ---

USED = ("id", "name")


@pytest.mark.parametrize(
    ("grant", "held"),
    [
        ("GRANT SELECT, INSERT, UPDATE ON `shop`.`products` TO `qbwc`@`%`", ("SELECT", "INSERT", "UPDATE")),
        ("GRANT SELECT ON `shop`.* TO `qbwc`@`%`", ("SELECT",)),
        ("GRANT UPDATE ON *.* TO `qbwc`@`%`", ("UPDATE",)),
        ("GRANT SELECT ON `sh%`.* TO `qbwc`@`%`", ("SELECT",)),
        (r"GRANT SELECT ON `sh\_p`.* TO `qbwc`@`%`", ()),
        ("GRANT SELECT ON `shop`.`product_`  TO `qbwc`@`%`", ()),
        ("GRANT SELECT ON `other`.`products` TO `qbwc`@`%`", ()),
        ("GRANT SELECT (`id`, `name`, `x`), UPDATE (`id`) ON `shop`.`products` TO `qbwc`@`%`", ("SELECT",)),
        ("GRANT SELECT (name, id), INSERT ON `shop`.`products` TO `qbwc`@`%`", ("SELECT", "INSERT")),
        ("GRANT ALL PRIVILEGES ON `shop`.* TO `qbwc`@`%` WITH GRANT OPTION", ("SELECT", "INSERT", "UPDATE")),
        ('GRANT SELECT ("id", "name") ON "shop"."products" TO "qbwc"@"%"', ("SELECT",)),
        ("GRANT USAGE ON *.* TO `qbwc`@`%`", ()),
    ],
)
def test_mysqls_grants_are_read(grant: str, held: tuple[str, ...]) -> None:
    found = granted([grant], "`qbwc`@`%`", "shop", "products", USED)

    assert found is not None
    assert found.held == held


def test_nothing_is_claimed_of_a_role_that_cannot_be_looked_into() -> None:
    grants = ["GRANT `app`@`%` TO `qbwc`@`%`", "GRANT USAGE ON *.* TO `qbwc`@`%`"]

    assert granted(grants, "`qbwc`@`%`", "shop", "products", USED) is None


def test_a_right_to_a_sequence_matters_only_where_rows_are_made() -> None:
    rights = Rights('"qbwc"', ("SELECT", "INSERT", "UPDATE"), lacks_sequence="products_id_seq")

    (found,) = judge(target(), table(rights=rights), "postgresql")

    assert found.values["sql"] == 'GRANT USAGE ON SEQUENCE products_id_seq TO "qbwc";'
    assert judge(target(missing="skip"), table(rights=rights), "postgresql") == ()


# --- changes ---

NAME = ReflectedColumn("name", limit("text", "varchar(50)", length=50))
BEFORE = table(
    NAME,
    ReflectedColumn("shelf", limit("text", "text"), is_used=False),
    engine="InnoDB",
    foreign_keys=(ForeignKey("name", "names", "name"),),
    rights=Rights("u", ("SELECT",)),
    others=(OtherTable("name", "names", "lookup", columns=(NAME,), near=(("a", "b"),), rights=Rights("u", ())),),
)


def changed(after: Reflected) -> list[tuple[str, What]]:
    found = differences(BEFORE, after)
    assert bool(found) == (fingerprint(BEFORE) != fingerprint(after))
    return [(each.column, each.what) for each in found]


def with_name(**given: object) -> Reflected:
    return replace(BEFORE, columns=(ID, KEY, replace(NAME, **given)))  # type: ignore[arg-type]


def test_a_reflection_survives_being_stored() -> None:
    assert from_json(json.loads(json.dumps(to_json(BEFORE)))) == BEFORE
    with pytest.raises(UnreadableReflection, match="look at the table anew"):
        from_json({"table": "products"})
    with pytest.raises(UnreadableReflection):
        from_json({**to_json(BEFORE), "of_a_later_version": 1})


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (with_name(limit=limit("text", "varchar(40)", length=40)), [("name", "type")]),
        (with_name(limit=replace(NAME.limit, charset="utf8mb3")), [("name", "type")]),
        (with_name(limit=replace(NAME.limit, is_nullable=False)), [("name", "nullable")]),
        (with_name(has_default=True), [("name", "default")]),
        (with_name(filled="computed"), [("name", "filled")]),
        (replace(BEFORE, columns=(ID, KEY)), [("name", "column"), ("", "foreign_keys")]),
        (replace(BEFORE, primary_key=()), [("", "primary_key")]),
        (replace(BEFORE, unique=()), [("", "unique")]),
        (replace(BEFORE, foreign_keys=()), [("", "foreign_keys")]),
        (replace(BEFORE, is_view=True), [("", "view")]),
        (replace(BEFORE, engine="MyISAM"), [("", "engine")]),
        (replace(BEFORE, triggers=("t",)), [("", "triggers")]),
        (replace(BEFORE, has_row_security=True), [("", "row_security")]),
        (replace(BEFORE, rights=Rights("u", ())), [("", "rights")]),
        (replace(BEFORE, others=(replace(BEFORE.others[0], is_there=False, columns=()),)), [("name", "elsewhere")]),
        (replace(BEFORE, columns=(*BEFORE.columns, needed("must", "int"))), [("must", "column")]),
    ],
)
def test_a_change_that_the_checks_would_see_is_named(after: Reflected, what: list[tuple[str, What]]) -> None:
    assert changed(after) == what


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        replace(BEFORE, columns=(*BEFORE.columns, ReflectedColumn("new", limit("text"), is_used=False))),
        replace(BEFORE, columns=BEFORE.columns[:-1]),
        replace(BEFORE, columns=BEFORE.columns[::-1]),
        replace(BEFORE, unique=(*BEFORE.unique, ("shelf",))),
        with_name(limit=replace(NAME.limit, type="character varying(50)")),
    ],
)
def test_what_the_mapping_does_not_lean_on_is_no_change(after: Reflected) -> None:
    assert changed(after) == []


def test_a_table_that_is_gone_is_one_change() -> None:
    assert [each.what for each in differences(BEFORE, None)] == ["table"]


# --- words ---


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_change_has_a_text(language: str) -> None:
    for what in What.__args__:  # type: ignore[attr-defined]
        assert words.text(language, f"mapping.changed.{what}", table="t", column="c", before="a", after="b")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_finding_has_a_text_and_a_cure_with_all_its_values(language: str) -> None:
    seen: set[str] = set()
    for each in _every_finding():
        seen.add(each.key)
        said = words.text(language, each.key, **each.said) + words.text(language, f"{each.key}_cure", **each.said)
        assert each.table in said
        for name, value in each.values.items():
            if name in {"sql", "line", "near"}:
                assert str(value) in said, each.key

    every = {key for key in words.keys(language, "mapping.check") if not key.endswith("_cure")}
    assert seen == every


def _every_finding() -> list[Finding]:
    """At least one of each code, by mappings with every fault."""
    columns = {
        "text10": limit("text", length=10, charset="latin1", is_padded=True),
        "must_text": limit("text", is_nullable=False),
        "must_int": limit("int", is_nullable=False),
        "int8": limit("int", lowest=-128, highest=127),
        "int": limit("int"),
        "enum": limit("enum", words=("a", "b")),
        "float": limit("float"),
        "decimal": limit("decimal", digits=5, scale=2),
        "bytes": limit("bytes"),
        "bool": limit("bool"),
    }
    rules = [
        *(
            ColumnRule(column, field)
            for column, field in (
                *(("text10", "FullName"), ("text10", "Price"), ("bytes", "FullName"), ("must_text", "Description")),
                *(("must_int", "Sublevel"), ("int8", "Sublevel"), ("int", "Price"), ("enum", "IsActive")),
                *(("enum", "Type"), ("float", "Price"), ("decimal", "Price"), ("computed", "Price")),
                *(("id", "Sublevel"), ("missing", "Name"), ("bol", "IsActive")),
            )
        ),
        ColumnRule("text10", value="more than ten"),
        ColumnRule("int8", value=1000),
        ColumnRule("enum", value="c"),
        *(
            ColumnRule(name, "FullName", lookup=Lookup("others", "name", "id"))
            for name in ("must_int", "int", "enum", "bool", "float", "decimal")
        ),
    ]
    denied = Rights("u", (), ("DROP",), "s", "q")
    of = table(
        *(ReflectedColumn(name, each) for name, each in columns.items()),
        ReflectedColumn("computed", limit("decimal"), filled="computed"),
        needed("needed", "int"),
        engine="MyISAM",
        primary_key=(),
        unique=(("text10",),),
        foreign_keys=(ForeignKey("text10", "others", "id"),),
        triggers=("t",),
        has_row_security=True,
        rights=denied,
        others=(
            OtherTable("int", "others", "lookup", is_there=False),
            OtherTable("enum", "others", "lookup", near=(("nam", "name"), ("what", ""))),
            OtherTable("bool", "others", "lookup", is_unique=False, rights=denied),
            OtherTable("decimal", "others", "lookup", columns=(ReflectedColumn("id", limit("text")),)),
        ),
    )
    key = replace(KEY, limit=replace(KEY.limit, is_nullable=False))
    of = replace(of, columns=tuple(key if each is KEY else each for each in of.columns))
    rule = target(*rules, adopt=((("text10", "FullName"),),))
    return [
        *judge(rule, of, "mysql"),
        *judge(replace(rule, key=(KeyPart("text10", "ListID"),)), of, "mysql"),
        *judge(rule, None, "mysql"),
        *judge(rule, None, "mysql", ["product"]),
        *judge(replace(rule, schema="s"), of, "sqlite"),
        *judge(rule, replace(of, is_view=True), "postgresql"),
    ]
