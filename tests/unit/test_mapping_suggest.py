"""A mapping guessed from the names of a table's columns."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server import words
from qbwc_server.publish.mapping import synonyms
from qbwc_server.publish.mapping.checks import judge
from qbwc_server.publish.mapping.evidence import Evidence, Link, Match
from qbwc_server.publish.mapping.file import FIELDS, parse_mapping
from qbwc_server.publish.mapping.meanings import field_of, list_of, squeezed, table_of
from qbwc_server.publish.mapping.model import ColumnRule, Lookup, TargetRule, Transform
from qbwc_server.publish.mapping.proposal import Guess, Note, Proposal, filled, toml
from qbwc_server.publish.mapping.reflected import Family, ForeignKey, Limit, Reflected, ReflectedColumn
from qbwc_server.publish.mapping.suggest import Surroundings, suggest

TEXT = re.compile(r"(\w+)(?:\((\d+)\))?")


def table(name: str, columns: str, **more: object) -> Reflected:
    """A table from lines such as "name text(40)!": an exclamation mark is NOT NULL, "=" has a default."""
    made = [_column(line) for line in columns.strip().splitlines()]
    given: dict[str, object] = {"primary_key": ("id",), "table": name, "columns": tuple(made)}
    return Reflected(**{**given, **more})  # type: ignore[arg-type]


def _column(line: str) -> ReflectedColumn:
    name, kind = line.split()[:2]
    found = TEXT.match(kind)
    assert found is not None
    family: Family = found[1]  # type: ignore[assignment]
    enum = tuple(line.partition("|")[2].split())
    limit = Limit(
        family, kind.rstrip("!="), length=int(found[2]) if found[2] else None, is_nullable="!" not in kind, words=enum
    )
    return ReflectedColumn(
        name, limit, has_default="=" in kind, filled="identity" if "=" in kind and name == "id" else ""
    )


DJANGO = table(
    "shop_product",
    """
id int!=
qb_list_id text(36)
name text(100)!
slug text(50)!
sku text(40)!
description text!
price decimal!
cost decimal
stock int!
is_active bool!
is_featured bool!
category_id int!
weight float
created_at datetime!
updated_at datetime!
""",
    unique=(("qb_list_id",), ("slug",)),
    foreign_keys=(ForeignKey("category_id", "shop_category", "id"),),
)
CATEGORY = table("shop_category", "id int!=\nslug text(50)!\nname text(50)!")
LARAVEL = table(
    "products",
    """
id int!=
title text(191)!
price_cents int!
quantity int!=
status enum! |proposal published
created_at datetime
updated_at datetime
deleted_at datetime
""",
)
RAILS = table(
    "customers",
    """
id uuid!
quickbooks_id text(255)
first_name text(255)
last_name text(255)
company text(255)
email text(255)!
billing_city text(255)
billing_zip text(255)
shipping_city text(255)
account_number text(255)
hidden bool!
created_at datetime!
updated_at datetime!
""",
)
FRENCH = table(
    "clients",
    """
id int!=
Prénom text(40)
nom text(40)!
raison_sociale text(60)
courriel text(100)!
téléphone text(20)
adresse text(60)
ville text(40)
codePostal text(7)
ville_livraison text(40)
pays text(2)
solde decimal
actif bool!
cree_le datetime!
modifie_le datetime!
""",
)
SHOPS = ((DJANGO, "item"), (LARAVEL, "item"), (RAILS, "customer"), (FRENCH, "customer"))


def around(**more: object) -> Surroundings:
    given: dict[str, object] = {"backend": "postgresql", "others": {"shop_category": CATEGORY}}
    return Surroundings(**{**given, **more})  # type: ignore[arg-type]


def read(shop: Reflected, list_name: str, **more: object) -> TargetRule:
    [target] = parse_mapping(toml([suggest(shop, list_name, around(**more))], "en")).targets
    return target


def lines(target: TargetRule) -> dict[str, str]:
    return {rule.column: filled(rule) for rule in target.columns}


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(("shop", "list_name"), SHOPS)
def test_what_is_suggested_is_read_without_a_fault_in_either_language(
    shop: Reflected, list_name: str, language: str
) -> None:
    text = toml([suggest(shop, list_name, around())], language)

    assert parse_mapping(text).targets[0].table == shop.table


@pytest.mark.parametrize(("shop", "list_name"), SHOPS)
def test_no_private_field_counts_before_the_owner_says_so(shop: Reflected, list_name: str) -> None:
    used = {rule.field for rule in read(shop, list_name).columns}

    assert not {name for name in used if name and FIELDS[f"{list_name}.{name}"]}


def test_a_django_shop() -> None:
    target = read(DJANGO, "item")

    assert [(part.column, part.field) for part in target.key] == [("qb_list_id", "ListID")]
    assert target.types == ("ItemInventory", "ItemInventoryAssembly", "ItemNonInventory", "ItemService")
    assert target.adopt == ((("sku", "ManufacturerPartNumber"),),)
    assert target.inactive == (("is_active", False),)
    lookup = '{ table = "shop_category", match = "name", give = "id", missing = "hold" }'
    assert lines(target) == {
        "name": '"Name"',
        "slug": '{ from = "FullName", transform = ["slug", "truncate:50"], when = "insert" }',
        "sku": '{ from = "ManufacturerPartNumber", empty = "" }',
        "description": '{ from = "Description", empty = "" }',
        "price": '"Price"',
        "stock": '"QuantityAvailable"',
        "is_active": '"IsActive"',
        "category_id": f'{{ from = "Class", lookup = {lookup} }}',
        "created_at": '{ value = "@now", when = "insert" }',
        "updated_at": '{ value = "@now", when = "changed" }',
    }
    text = toml([suggest(DJANGO, "item", around())], "en")
    assert '# cost = { from = "PurchaseCost", private = true }' in text
    assert '# is_featured = { value = false, when = "insert" }  # not mapped: NOT NULL without default, needs a' in text
    assert "# weight: not mapped: nothing of QuickBooks was recognised" in text


def test_the_only_errors_left_are_those_that_need_the_owner() -> None:
    found = judge(read(DJANGO, "item"), DJANGO, "postgresql")

    assert [(each.code, each.column) for each in found if each.level == "error"] == [("needs_value", "is_featured")]


def test_a_laravel_shop_whose_key_is_still_to_be_made() -> None:
    target = read(LARAVEL, "item")

    assert [part.column for part in target.key] == ["qb_list_id"]
    assert lines(target) == {
        "title": '"Name"',
        "price_cents": '{ from = "Price", transform = ["cents"], type = "int" }',
        "quantity": '{ from = "QuantityAvailable", empty = "keep" }',
        "status": '{ from = "IsActive", transform = [{ map = { true = "published", false = "proposal" } }] }',
        "created_at": '{ value = "@now", when = "insert" }',
        "updated_at": '{ value = "@now", when = "changed" }',
    }
    assert target.inactive == (("status", "proposal"),)
    text = toml([suggest(LARAVEL, "item", around())], "en")
    assert 'ALTER TABLE "products" ADD COLUMN "qb_list_id" varchar(36) UNIQUE;' in text


def test_a_rails_shop() -> None:
    target = read(RAILS, "customer")

    assert [part.column for part in target.key] == ["quickbooks_id"]
    assert target.adopt == ((("email", "Email"),),)
    assert target.inactive == (("hidden", True),)
    assert lines(target) == {
        "id": '{ value = "@uuid4", when = "insert" }',
        "first_name": '"FirstName"',
        "last_name": '"LastName"',
        "company": '"CompanyName"',
        "email": '{ from = "Email", transform = ["first_email", "lower"], empty = "" }',
        "billing_city": '"BillAddress.City"',
        "billing_zip": '"BillAddress.PostalCode"',
        "shipping_city": '"ShipAddress.City"',
        "hidden": '{ from = "IsActive", transform = [{ map = { true = "false", false = "true" } }], type = "bool" }',
        "created_at": '{ value = "@now", when = "insert" }',
        "updated_at": '{ value = "@now", when = "changed" }',
    }
    assert not [each for each in judge(target, RAILS, "postgresql") if each.level == "error"]


def test_french_names_with_accents_and_capitals() -> None:
    found = lines(read(FRENCH, "customer"))

    assert found["Prénom"] == '"FirstName"'
    assert found["nom"] == '{ from = "LastName", empty = "" }', "beside a first name it is the last one"
    assert found["courriel"].startswith('{ from = "Email"')
    assert (found["téléphone"], found["codePostal"]) == ('"Phone"', '"BillAddress.PostalCode"')
    assert (found["ville"], found["ville_livraison"]) == ('"BillAddress.City"', '"ShipAddress.City"')
    assert "pays" not in found, "two letters are not QuickBooks's name of a country"
    assert found["cree_le"] == '{ value = "@now", when = "insert" }'
    alone = table("clients", "id int!=\nnom text(80)!")
    assert lines(read(alone, "customer"))["nom"] == '"FullName"'


def test_of_two_columns_for_one_field_the_likelier_counts() -> None:
    shop = table(
        "products", "id int!=\ntitle text(80)\nproduct_name text(80)\nname text(80)\nprix decimal\nprice decimal"
    )
    text = toml([suggest(shop, "item", around())], "en")

    assert set(lines(read(shop, "item"))) == {"name", "price"}
    assert '# prix = "Price"  # not mapped: Price goes to price, which looks likelier' in text


def test_a_column_that_cannot_take_the_field_stays_a_comment() -> None:
    shop = table("products", "id int!=\nname text(80)\nprice text(20)\nquantity datetime\nexternal_id int")

    assert set(lines(read(shop, "item"))) == {"name"}
    assert read(shop, "item").key[0].column == "qb_list_id", "a number holds no ListID"


def test_a_row_names_the_row_of_its_parent() -> None:
    shop = table(
        "customers",
        "id int!=\nqb_id text(36)\nname text(200)\nparent_id int",
        foreign_keys=(ForeignKey("parent_id", "customers", "id"),),
    )

    rule = next(each for each in read(shop, "customer").columns if each.column == "parent_id")
    assert (rule.field, rule.lookup) == ("Parent.ListID", Lookup("customers", "qb_id", "id"))


def test_a_time_that_hides_a_row_is_only_offered() -> None:
    shop = table("products", "id int!=\nname text(80)\ndeleted_at datetime")
    text = toml([suggest(shop, "item", around())], "en")

    assert '# inactive = { set = { deleted_at = "@now" } }' in text
    assert read(shop, "item").inactive == ()


def test_a_key_that_may_not_be_empty_adopts_nothing() -> None:
    shop = table("customers", "id int!=\nqb_id text(36)!\nemail text(80)")

    assert read(shop, "customer").adopt == ()


def test_a_table_of_which_nothing_is_understood_is_said_so() -> None:
    proposal = suggest(table("zzz", "id int!=\nfoo text(5)"), "item", around())

    assert "Nothing could be guessed" in toml([proposal], "en")


def test_values_count_more_than_names_and_say_how_often_they_are_right() -> None:
    shop = table("products", "id int!=\nref_ext text(40)\nlabel text(80)\namount decimal\nsku text(31)\nname text(90)")
    evidence = Evidence(
        "item",
        "products",
        9000,
        9500,
        9000,
        links=(Link("ref_ext", "ListID", 8990), Link("sku", "ManufacturerPartNumber", 10)),
        matches=(
            Match("label", "Description", "plain", 8800, 9000),
            Match("amount", "Price", "number", 8912, 9000),
            Match("name", "Name", "plain", 3, 9000, is_found=False),
        ),
        types=("ItemService",),
    )
    text = toml([suggest(shop, "item", around(evidence=evidence))], "en")
    target = read(shop, "item", evidence=evidence)

    assert 'amount = "Price"  # equal to Price in 8,912 of 9,000 rows' in text
    assert '# name = "Name"  # guessed from its name, but equal to Name in only 3 of 9,000 rows' in text
    assert lines(target) == {"label": '"Description"', "amount": '"Price"', "sku": '"ManufacturerPartNumber"'}
    assert (target.key[0].column, target.types) == ("ref_ext", ("ItemService",))
    assert target.adopt == ((("sku", "ManufacturerPartNumber"),),)


def test_a_link_over_a_private_field_is_only_offered() -> None:
    shop = table("customers", "id int!=\nqb_id text(36)\nname text(200)\ncode text(20)")
    evidence = Evidence(
        "customer",
        "customers",
        10,
        10,
        10,
        links=(Link("code", "AccountNumber", 10, is_private=True),),
        matches=(Match("code", "AccountNumber", "plain", 10, 10, is_private=True),),
    )
    text = toml([suggest(shop, "customer", around(evidence=evidence))], "en")

    assert '# code = { from = "AccountNumber", private = true }' in text
    assert read(shop, "customer", evidence=evidence).adopt == ()


@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_no_name_stands_for_two_fields_and_each_field_exists(list_name: str) -> None:
    names = [squeezed(name) for _, every in synonyms.OF_LIST[list_name] for name in set(map(squeezed, every))]

    assert len(names) == len(set(names))
    assert {f"{list_name}.{field}" for field, _ in synonyms.OF_LIST[list_name]} <= set(FIELDS)


@pytest.mark.parametrize(
    ("tables", "customer", "item"),
    [
        (["customers", "orders", "products"], "customers", "products"),
        (["shop_customer", "shop_product", "shop_product_tags"], "shop_customer", "shop_product"),
        (["Clients", "Produits"], "Clients", "Produits"),
        (["users"], None, None),
        (["tbl_customers", "customers"], "customers", None),
    ],
)
def test_a_list_finds_its_table_by_its_name(tables: list[str], customer: str | None, item: str | None) -> None:
    assert (table_of(tables, "customer"), table_of(tables, "item")) == (customer, item)
    assert [list_of(name) for name in (customer, item) if name] == [
        name for name, found in (("customer", customer), ("item", item)) if found
    ]


@pytest.mark.parametrize("name", ["codePostal", "CODE_POSTAL", "code-postal", "Code Postal", "clientCodePostal"])
def test_the_way_a_name_is_written_says_nothing(name: str) -> None:
    found = field_of(name, "customer")
    assert found is not None
    assert found[0] == "BillAddress.PostalCode"


printable = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
names = st.one_of(printable, st.sampled_from(sorted({n for _, every in synonyms.ITEM for n in every})))
kinds = st.sampled_from(["text", "enum", "decimal", "float", "int", "bool", "date", "datetime", "json", "uuid", "any"])
columns = st.builds(
    lambda name, kind, length, nullable, default, enum: ReflectedColumn(
        name, Limit(kind, str(kind), length=length, is_nullable=nullable, words=tuple(enum)), has_default=default
    ),
    names,
    kinds,
    st.none() | st.integers(1, 255),
    st.booleans(),
    st.booleans(),
    st.lists(printable, max_size=3, unique=True),
)


@given(st.lists(columns, unique_by=lambda column: column.name, max_size=8), st.sampled_from(["customer", "item"]))
def test_whatever_a_table_is_like_what_is_suggested_is_toml_and_is_read(
    found: list[ReflectedColumn], list_name: str
) -> None:
    some = ReflectedColumn("full_name", Limit("text", "text"))
    every = (some, *(column for column in found if column.name != "full_name"))
    text = toml([suggest(Reflected("t", every), list_name, around())], "fr")

    assert tomllib.loads(text)["version"] == 1
    assert parse_mapping(text).targets[0].columns


rules = st.builds(
    ColumnRule,
    printable,
    st.just("Name"),
    when=st.sampled_from(["always", "changed", "insert"]),
    transforms=st.lists(
        st.one_of(
            st.sampled_from([Transform("trim"), Transform("truncate", "40"), Transform("prefix", 'Q"\\ ')]),
            st.builds(lambda word, to: Transform("map", words=((word, to),)), printable, printable),
        ),
        max_size=3,
    ).map(tuple),
    empty=st.sampled_from([None, "null", "keep", "text"]),
    type=st.sampled_from([None, "text"]),
    lookup=st.none() | st.builds(Lookup, printable, printable, printable, st.sampled_from(["null", "hold"])),
)


@given(rules)
def test_a_line_is_read_as_it_was_meant(rule: ColumnRule) -> None:
    proposal = Proposal("customers", "customer", "t", "a key", Note("key"), (Guess(rule.column, Note("name"), rule),))

    [target] = parse_mapping(toml([proposal], "en")).targets
    assert target.columns == (rule,)
