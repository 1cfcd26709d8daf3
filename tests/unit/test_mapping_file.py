import contextlib
import dataclasses
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server import words
from qbwc_server.publish.mapping.file import FIELDS, BadMapping, parse_mapping, private_fields, read_mapping
from qbwc_server.publish.mapping.file_fields import types_of
from qbwc_server.publish.mapping.model import (
    ColumnRule,
    KeyPart,
    Lookup,
    Mapping,
    TargetRule,
    Test,
    Transform,
    Webhook,
)
from qbwc_server.publish.mapping.transforms import NAMES
from qbwc_server.qbxml.lists import LISTS

WHOLE = """
version = 1

[target]
schema      = "public"
state_table = "shop_state"

[[publish]]
name     = "products"
source   = "item"
table    = "catalogue_product"
company  = "Acme"
key      = { qb_list_id = "ListID" }
types    = ["inventory", "Non-Inventory", "ItemService"]
only     = { "Custom.Web" = ["Oui", "Yes"], Sublevel = ["0", 1], IsActive = [true] }
adopt    = [ { sku = "ManufacturerPartNumber" }, { name = "Name", kind = "Type" } ]
missing  = "skip"
inactive = { set = { active = false, rank = 0, discount = 0.50 } }
notfound = "same-as-inactive"
empty    = "keep"
allow_no_transactions = true

[publish.columns]
name       = { from = "FullName", transform = ["trim", "truncate:40"] }
slug       = { from = "FullName", transform = "slug", when = "insert" }
sku        = "ManufacturerPartNumber"
on_web     = { from = "Custom.Web", private = true, transform = [{ map = { Oui = "1" } }], empty = "" }
price      = { from = "Price", type = "decimal", scale = 2 }
category   = { from = "Class", lookup = { table = "categories", match = "name", give = "id", missing = "hold" } }
tax        = { from = "SalesTaxCode", lookup = { table = "taxes", match = "code", give = "id" }, empty = "null" }
active     = { from = "IsActive", type = "bool" }
rate       = { value = 1.50 }
updated_at = { value = "@now", when = "changed", type = "datetime" }
uid        = { value = "@uuid4", when = "insert" }

[publish.after]
webhook = { url = "https://www.example.com/hooks/qb?x=1", secret = "env:HOOK_SECRET" }

[[publish]]
name    = "stock"
source  = "item"
company = "Acme"
table   = "stock"
schema  = "depot"
key     = { product_id = "@products.id" }
columns = { quantity = "QuantityAvailable" }
"""

SHORT = """
version = 1
[[publish]]
name = "customers"
source = "customer"
table = "customers"
key = { qb_list_id = "ListID" }
columns = { name = "Name" }
"""


def said(text: str) -> tuple[tuple[str, str], ...]:
    """The places and codes of all that is wrong; every sentence of it can be said."""
    with pytest.raises(BadMapping) as found:
        parse_mapping(text)
    for language in words.LANGUAGES:
        assert len(found.value.said(language)) == len(found.value.problems)
        assert all("\n" not in sentence for sentence in found.value.said(language))
    return tuple((problem.place, problem.code) for problem in found.value.problems)


def with_columns(lines: str, above: str = "") -> str:
    return SHORT.replace('columns = { name = "Name" }', f"{above}\n[publish.columns]\n{lines}\n")


def with_line(line: str) -> str:
    return SHORT.replace("columns = ", f"{line}\ncolumns = ")


def column(line: str) -> str:
    return with_columns(f"a = {{ {line} }}")


def webhook(line: str) -> str:
    return with_line(f"after = {{ webhook = {{ {line} }} }}")


def without(key: str) -> str:
    return "\n".join(line for line in SHORT.splitlines() if not line.startswith(f"{key} "))


def test_every_key_of_the_file_becomes_its_value() -> None:
    assert parse_mapping(WHOLE) == Mapping(
        state_table="shop_state",
        webhooks=(Webhook("products", "https://www.example.com/hooks/qb?x=1", "HOOK_SECRET"),),
        targets=(
            TargetRule(
                name="products",
                list="item",
                table="catalogue_product",
                schema="public",
                company="Acme",
                key=(KeyPart("qb_list_id", "ListID"),),
                types=("ItemInventory", "ItemNonInventory", "ItemService"),
                only=(
                    Test("Custom.Web", ("Oui", "Yes")),
                    Test("Sublevel", ("0", "1")),
                    Test("IsActive", ("true",)),
                ),
                adopt=((("sku", "ManufacturerPartNumber"),), (("name", "Name"), ("kind", "Type"))),
                missing="skip",
                inactive=(("active", False), ("rank", 0), ("discount", Decimal("0.50"))),
                notfound="same-as-inactive",
                empty="keep",
                allow_no_transactions=True,
                columns=(
                    ColumnRule("name", "FullName", transforms=(Transform("trim"), Transform("truncate", "40"))),
                    ColumnRule("slug", "FullName", transforms=(Transform("slug"),), when="insert"),
                    ColumnRule("sku", "ManufacturerPartNumber"),
                    ColumnRule(
                        "on_web",
                        "Custom.Web",
                        private=True,
                        transforms=(Transform("map", words=(("Oui", "1"),)),),
                        empty="text",
                    ),
                    ColumnRule("price", "Price", type="decimal", scale=2),
                    ColumnRule("category", "Class", lookup=Lookup("categories", "name", "id", "hold")),
                    ColumnRule("tax", "SalesTaxCode", lookup=Lookup("taxes", "code", "id"), empty="null"),
                    ColumnRule("active", "IsActive", type="bool"),
                    ColumnRule("rate", value=Decimal("1.50")),
                    ColumnRule("updated_at", value="@now", when="changed", type="datetime"),
                    ColumnRule("uid", value="@uuid4", when="insert"),
                ),
            ),
            TargetRule(
                name="stock",
                list="item",
                table="stock",
                schema="depot",
                company="Acme",
                key=(KeyPart("product_id", of_target="products", of_column="id"),),
                columns=(ColumnRule("quantity", "QuantityAvailable"),),
            ),
        ),
    )


def test_what_is_not_said_has_the_default() -> None:
    assert parse_mapping(SHORT) == Mapping(
        (
            TargetRule(
                "customers",
                "customer",
                "customers",
                key=(KeyPart("qb_list_id", "ListID"),),
                columns=(ColumnRule("name", "Name"),),
            ),
        )
    )


def test_every_public_field_can_be_mapped_and_every_private_one_if_its_line_says_so() -> None:
    for name, private in FIELDS.items():
        source, _, field = name.partition(".")
        said_so = ", private = true" if private else ""
        text = with_columns(f'a = {{ from = "{field}"{said_so} }}').replace(
            'source = "customer"', f'source = "{source}"'
        )

        assert private_fields(parse_mapping(text)) == ({name} if private else set())


def test_all_faults_are_found_at_once_each_with_its_place_and_cure() -> None:
    text = with_columns('a = "BilAddr.City"\nphone = { from = "Phone", transfrom = ["trim"] }', 'mising = "skip"')

    with pytest.raises(BadMapping) as found:
        parse_mapping(text.replace('"ListID"', '"ListId"'))

    assert str(found.value).splitlines() == [
        "publish.customers.key.qb_list_id: ListId is not a field of the list customer. Did you mean ListID?",
        "publish.customers.columns.a: BilAddr.City is not a field of the list customer. Did you mean BillAddress.City?",
        "publish.customers.columns.phone.transfrom: is not a key of this table. Did you mean transform?",
        "publish.customers.mising: is not a key of this table. Did you mean missing?",
    ]


OF_THE_FILE = [
    ("version = 1\nversion = 1", "mapping.toml", "not_toml"),
    ("version = " + "1" * 5000, "mapping.toml", "not_toml"),
    (SHORT.replace("version = 1", "version = 2"), "version", "bad_version"),
    (SHORT.replace("version = 1", "version = 1.0"), "version", "bad_version"),
    (SHORT.replace("version = 1", ""), "version", "bad_version"),
    ("version = 1", "publish", "no_targets"),
    ("version = 1\npublish = [1]", "publish", "no_targets"),
    ("version = 1\n[publish]\nname = 'a'", "publish", "no_targets"),
    ("colour = 1\n" + SHORT, "colour", "unknown_key"),
    ("target = { shema = 'a' }\n" + SHORT, "target.shema", "unknown_key_near"),
    ("target = 1\n" + SHORT, "target", "not_table"),
    ("target = { state_table = '' }\n" + SHORT, "target.state_table", "no_state_table"),
    ("target = { state_table = 'a.b' }\n" + SHORT, "target.state_table", "bad_state_table"),
    (without("name"), "publish[1].name", "missing"),
    (SHORT.replace('"customers"', '"My Customers"', 1), "publish[1].name", "bad_target_name"),
]
OF_A_TARGET = [
    ("target = { state_table = 'customers' }\n" + SHORT, "table", "state_table_taken"),
    (SHORT + SHORT.replace("version = 1", ""), "name", "duplicate_target"),
    (with_line('kind = "woocommerce"'), "kind", "kind_later"),
    (with_line('kind = "key-value"'), "kind", "kind_later"),
    (with_line('kind = "table"'), "kind", "kind_unknown"),
    (SHORT.replace('"customer"', '"costumer"'), "source", "unknown_list_near"),
    (SHORT.replace('"customer"', '"bills"'), "source", "unknown_list"),
    (SHORT.replace('table = "customers"', 'table = "shop.customers"'), "table", "table_dot"),
    (SHORT.replace('table = "customers"', 'table = "a\\nb"'), "table", "bad_name"),
    (SHORT.replace('table = "customers"', "table = 1"), "table", "not_text"),
    (with_line('missing = "isnert"'), "missing", "not_among_near"),
    (with_line("missing = 1"), "missing", "not_among"),
    (with_line('notfound = "delete"'), "notfound", "not_among"),
    (with_line('empty = "nul"'), "empty", "not_among_near"),
    (with_line('allow_no_transactions = "yes"'), "allow_no_transactions", "not_flag"),
    # Which row, which records.
    (without("key"), "key", "missing_table"),
    (SHORT.replace('{ qb_list_id = "ListID" }', "{}"), "key", "not_table"),
    (SHORT.replace('"ListID"', "1"), "key.qb_list_id", "not_field"),
    (SHORT.replace('"ListID"', '"@products"'), "key.qb_list_id", "bad_reference"),
    (SHORT.replace("qb_list_id", '""'), 'key.""', "bad_name"),
    (SHORT.replace('"ListID"', '"ShipToAddresses"'), "key.qb_list_id", "json_field"),
    (with_line("adopt = { email = 'Email' }"), "adopt", "not_tables"),
    (with_line("adopt = [{}]"), "adopt", "not_tables"),
    (with_line("adopt = [{ email = 'Emial' }]"), "adopt[1].email", "unknown_field_near"),
    (with_line("adopt = [{ a = 'Name' }, { qb_list_id = 'Email' }]"), "adopt[2].qb_list_id", "adopt_key"),
    (with_line("adopt = [{ a = '@now' }]"), "adopt[1].a", "reference_here"),
    (with_line("only = { Custom.Web = ['Oui'] }"), "only.Custom", "dotted_field"),
    (with_line("only = { Name = 'a' }"), "only.Name", "not_texts"),
    (with_line("only = { Name = [] }"), "only.Name", "not_texts"),
    (with_line("only = { Name = [[]] }"), "only.Name", "not_texts"),
    (with_line("only = { ShipToAddresses = ['a'] }"), "only.ShipToAddresses", "json_field"),
    (with_line("only = { \"Custom.\" = ['a'] }"), 'only."Custom."', "custom_name"),
    (with_line("types = ['inventory']"), "types", "no_types"),
    (with_line("inactive = { active = false }"), "inactive.set", "missing_table"),
    (with_line("inactive = { set = { qb_list_id = '' } }"), "inactive.set.qb_list_id", "inactive_key"),
    (with_line("inactive = { set = { a = '@uuid4' } }"), "inactive.set.a", "generated"),
    (with_line("inactive = { set = { a = [] } }"), "inactive.set.a", "bad_constant"),
    # Columns.
    (without("columns"), "columns", "missing_table"),
    (with_columns(""), "columns", "not_table"),
    (with_columns("a = 1"), "columns.a", "column_form"),
    (with_columns("a = {}"), "columns.a", "no_from"),
    (with_columns('a.b = { from = "Name" }'), "columns.a", "dotted_column"),
    (column('from = "Name", value = 1'), "columns.a", "from_and_value"),
    (with_columns('qb_list_id = "ListID"'), "columns.qb_list_id", "duplicate_column"),
    (with_columns('a = "Xyzzy"'), "columns.a", "unknown_field"),
    (with_columns('a = "@now"'), "columns.a", "reference_here"),
    (with_columns('a = "Custom."'), "columns.a", "custom_name"),
    (column('value = "@nwo"'), "columns.a.value", "generated_near"),
    (column('value = "@products.id"'), "columns.a.value", "generated"),
    (with_columns("a = { value = 2024-01-01 }"), "columns.a.value", "bad_constant"),
    (with_columns("a = { value = inf }"), "columns.a.value", "bad_constant"),
    (with_columns("a = { value = 9223372036854775808 }"), "columns.a.value", "bad_constant"),
    (column('value = "x", empty = "keep"'), "columns.a.empty", "only_with_from"),
    (column('value = "x", private = true'), "columns.a.private", "only_with_from"),
    (column('value = "x", wen = "insert"'), "columns.a.wen", "unknown_key_near"),
    (column('from = "Name", when = "never"'), "columns.a.when", "not_among"),
    (column('from = "Name", type = "money"'), "columns.a.type", "not_among"),
    (column('from = "Name", scale = -1'), "columns.a.scale", "not_whole"),
    (column('from = "Name", scale = true'), "columns.a.scale", "not_whole"),
    (column('from = "Name", scale = 2'), "columns.a.scale", "scale_without_decimal"),
    (column('from = "Name", transform = ["tirm"]'), "columns.a.transform", "transform_unknown_near"),
    (column('from = "Name", transform = ["eval"]'), "columns.a.transform", "transform_unknown"),
    (column('from = "Name", transform = [1]'), "columns.a.transform", "transform_form"),
    (column('from = "Name", transform = ["truncate"]'), "columns.a.transform", "transform_argument_missing"),
    (column('from = "Name", transform = ["trim:1"]'), "columns.a.transform", "transform_argument_unwanted"),
    (column('from = "Name", transform = ["phone:FR"]'), "columns.a.transform", "transform_argument_bad"),
    (column('from = "Name", transform = ["map:a=b"]'), "columns.a.transform", "transform_map_table"),
    (column('from = "Name", transform = [{ map = {} }]'), "columns.a.transform", "transform_map_words"),
    (column('from = "ShipToAddresses", transform = ["trim"]'), "columns.a.transform", "json_field"),
    (column('from = "Name", lookup = "b"'), "columns.a.lookup", "not_table"),
    (column('from = "Name", lookup = { table = "b", match = "c" }'), "columns.a.lookup.give", "missing"),
    # Private fields.
    (with_columns('a = "Balance"'), "columns.a", "private_short"),
    (column('from = "Balance"'), "columns.a", "private_missing"),
    (column('from = "Custom.Web"'), "columns.a", "private_missing"),
    (column('from = "Name", private = true'), "columns.a.private", "private_public"),
    (SHORT.replace('"ListID"', '"AccountNumber"'), "key.qb_list_id", "private_undeclared"),
    (with_line("adopt = [{ a = 'AccountNumber' }]"), "adopt[1].a", "private_undeclared"),
    (with_line("only = { \"Custom.Web\" = ['Oui'] }"), 'only."Custom.Web"', "private_undeclared"),
    # After publishing.
    (with_line("after = { web_hook = {} }"), "after.webhook", "missing_table"),
    (webhook("url = 'https://a.ca', secret = 'hunter2'"), "after.webhook.secret", "bad_secret"),
    (webhook("url = 'https://u:hunter2@a.ca', secret = 'env:A'"), "after.webhook.url", "bad_url"),
    (webhook("url = 'ftp://a.ca', secret = 'env:A'"), "after.webhook.url", "bad_url"),
    (webhook("url = 'https://a.ca:x', secret = 'env:A'"), "after.webhook.url", "bad_url"),
]
FAULTS = [*OF_THE_FILE, *((text, f"publish.customers.{place}", code) for text, place, code in OF_A_TARGET)]


@pytest.mark.parametrize(("text", "place", "code"), FAULTS, ids=[f"{code}-{place}" for _, place, code in FAULTS])
def test_a_fault_is_named_with_its_place(text: str, place: str, code: str) -> None:
    assert (place, code) in said(text)


def test_one_fault_is_told_once_and_leads_to_no_others() -> None:
    # A misspelt key is also a missing one.
    several = [said(text) for text, _, _ in FAULTS if len(said(text)) > 1]

    assert [found for found in several if "missing_table" not in {code for _, code in found}] == []


def items(key: str, more: str = "") -> str:
    return SHORT.replace("customers", "stock", 1).replace('"customer"', '"item"').replace('"ListID"', key) + more


def with_types(types: str) -> str:
    return items('"ListID"').replace("columns = ", f"types = [{types}]\ncolumns = ")


REFERENCES = [
    (items('"@stok.id"'), "publish.stock.key.qb_list_id", "unknown_target_near"),
    (items('"@abc.id"'), "publish.stock.key.qb_list_id", "unknown_target"),
    (items('"@stock.id"'), "publish.stock.key.qb_list_id", "reference_cycle"),
    (
        items('"@customers.id"', SHORT.replace("version = 1", "").replace('"ListID"', '"@stock.id"')),
        "publish.customers.key.qb_list_id",
        "reference_cycle",
    ),
    (
        items('"@customers.id"', SHORT.replace("version = 1", "")),
        "publish.stock.key.qb_list_id",
        "reference_forward",
    ),
    (
        SHORT + items('"@customers.id"').replace("version = 1", ""),
        "publish.stock.key.qb_list_id",
        "reference_list",
    ),
    (with_types("'inventry'"), "publish.stock.types", "unknown_type_near"),
    (with_types("'xyzzy'"), "publish.stock.types", "unknown_type"),
    (with_types("1"), "publish.stock.types", "not_texts"),
    (with_types(""), "publish.stock.types", "not_texts"),
]


@pytest.mark.parametrize(("text", "place", "code"), REFERENCES)
def test_references_to_other_targets_and_types_are_judged(text: str, place: str, code: str) -> None:
    assert (place, code) in said(text)


def test_a_target_without_a_good_name_is_told_by_its_number() -> None:
    text = SHORT + SHORT.replace("version = 1", "").replace('"customers"', '"My Customers"', 1)

    assert said(text.replace('"ListID"', '"AccountNumber"')) == (
        ("publish[2].name", "bad_target_name"),
        ("publish.customers.key.qb_list_id", "private_undeclared"),
        ("publish[2].key.qb_list_id", "private_undeclared"),
    )


def test_a_cycle_over_a_third_target_is_a_cycle() -> None:
    target = SHORT.replace("version = 1", "")
    first = target.replace('"customers"', '"one"', 1).replace('"ListID"', '"@two.id"')
    second = target.replace('"customers"', '"two"', 1).replace('"ListID"', '"@three.id"')
    third = target.replace('"customers"', '"three"', 1).replace('"ListID"', '"@one.id"')

    assert [code for _, code in said(f"version = 1\n{first}{second}{third}")] == ["reference_cycle"] * 3


def test_a_private_field_declared_once_may_be_compared_everywhere_in_its_list() -> None:
    declared = with_columns('a = { from = "Custom.Web", private = true }', 'only = { "Custom.Web" = ["Oui"] }')
    other = with_line('only = { "Custom.Web" = ["Oui"] }').replace("version = 1", "").replace('"customers"', '"b"', 1)

    assert private_fields(parse_mapping(declared + other)) == {"customer.Custom.Web"}
    assert [code for _, code in said(declared + other.replace('"customer"', '"item"'))] == ["private_undeclared"]


def test_all_custom_fields_declared_private_may_each_be_compared() -> None:
    text = with_columns('a = { from = "Custom", private = true }', 'only = { "Custom.Web" = ["Oui"] }')

    assert parse_mapping(text).targets[0].only == (Test("Custom.Web", ("Oui",)),)


@pytest.mark.parametrize(
    ("source", "written", "meant"),
    [
        ("customer", "email", "Email"),
        ("customer", "bill_address_city", "BillAddress.City"),
        ("customer", "TermsRef.FullName", "Terms"),
        ("customer", "Customs.Web", "Custom.Web"),
        ("item", "SalesPrice", "Price"),
        ("item", "QtyOnHand", "QuantityOnHand"),
        ("item", "sku", "ManufacturerPartNumber"),
    ],
)
def test_a_field_is_recognised_by_other_names(source: str, written: str, meant: str) -> None:
    text = with_columns(f'a = "{written}"').replace('source = "customer"', f'source = "{source}"')

    with pytest.raises(BadMapping, match=f"Did you mean {meant}\\?"):
        parse_mapping(text)


def test_a_secret_written_by_mistake_is_never_told() -> None:
    for text, _, _ in FAULTS:
        if "hunter2" in text:
            with pytest.raises(BadMapping) as found:
                parse_mapping(text)
            assert "hunter2" not in str(found.value)
            assert "hunter2" not in repr(found.value.problems)


def test_a_sentence_stays_one_line_whatever_a_name_holds() -> None:
    assert said(with_columns('"a\\nb" = "a\\nb"\n"c\\rd.e" = 1'))


def test_fields_of_another_program_version_can_be_given() -> None:
    with pytest.raises(BadMapping, match="Name is not a field"):
        parse_mapping(SHORT, fields={"customer.ListID": False})


@given(
    st.recursive(
        st.one_of(st.text(max_size=5), st.integers(), st.booleans()),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
        max_leaves=8,
    ),
    st.sampled_from(
        ["key", "columns", "only", "adopt", "types", "inactive", "after", "name", "source", "table", "kind"]
    ),
)
def test_no_value_of_any_key_breaks_the_reading(value: object, key: str) -> None:
    text = without(key).rstrip() + f"\n{key} = {toml(value)}\n"
    with contextlib.suppress(BadMapping):
        parse_mapping(text)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(each):08x}" for each in value if not 0xD800 <= ord(each) < 0xE000) + '"'
    return str(value).lower()


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SHORT, "utf-8")
    (tmp_path / "b.toml").write_text(SHORT, "utf-8-sig")

    assert read_mapping(tmp_path / "a.toml") == read_mapping(tmp_path / "b.toml") == parse_mapping(SHORT)


@pytest.mark.parametrize("code", ["absent", "unreadable", "not_utf8", "not_toml"])
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, code: str) -> None:
    path = tmp_path / "mapping.toml"
    if code == "unreadable":
        path.mkdir()
    if code == "not_toml":
        path.write_text("version =", "utf-8")
    if code == "not_utf8":
        path.write_bytes(b"name = '\xe9'")

    with pytest.raises(BadMapping) as found:
        read_mapping(path)
    assert [(problem.place, problem.code) for problem in found.value.problems] == [(str(path), code)]
    assert all(found.value.said(language) for language in words.LANGUAGES)


def test_every_sentence_of_the_catalogue_is_of_a_fault_shown_here() -> None:
    shown = {code for _, _, code in FAULTS} | {code for text, _, _ in REFERENCES for _, code in said(text)}

    unseen = {key.removeprefix("mapping_file.") for key in words.keys("en", "mapping_file")} - shown
    assert unseen == {"at", "absent", "unreadable", "not_utf8"}


MANUAL = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text("utf-8")
EXAMPLES = [block for block in re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL) if "version" in block]


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_manual_can_be_followed(text: str) -> None:
    assert parse_mapping(text).targets


def test_the_manual_has_every_field_transform_type_and_key() -> None:
    for kind in LISTS:
        part = MANUAL.partition(f"### `{kind.name}`")[2].partition("###")[0]
        public, _, private = part.partition("Private:")
        assert re.findall(r"`([\w.]+)`", public) == [field.name for field in kind.fields if not field.private]
        assert re.findall(r"`([\w.]+)`", private) == [field.name for field in kind.fields if field.private]
    known = {*NAMES, *types_of("item"), *(field.name for field in dataclasses.fields(TargetRule))} - {"list"}
    known |= {field.name for field in dataclasses.fields(ColumnRule)} - {"column", "field", "transforms"}
    assert [word for word in sorted(known) if not re.search(rf"`{word}\b", MANUAL)] == []
