"""The sample company: what is in its books, and that they are the same every time."""

import time

import pytest

from qbwc_server.rehearsal.company import sample_company
from qbwc_server.rehearsal.schema_items import ITEMS


@pytest.mark.parametrize("country", ["US", "CA"])
def test_the_same_arguments_give_the_same_company(country: str) -> None:
    first, second = sample_company(country), sample_company(country)
    assert first.customers() == second.customers()
    assert first.items() == second.items()
    assert sample_company(country, seed=2).customers() != first.customers()


def test_a_larger_company_begins_with_a_smaller_one() -> None:
    small, large = sample_company(customers=20, items=30), sample_company(customers=40, items=60)
    assert large.customers()[:20] == small.customers()
    assert large.items()[:30] == small.items()


@pytest.mark.parametrize("country", ["US", "CA"])
def test_all_twelve_types_are_among_the_first_sixteen_items(country: str) -> None:
    assert {one["Type"] for one in sample_company(country, items=16).items()} == set(ITEMS)
    assert len(ITEMS) == 12


def test_the_books_hold_what_is_easy_to_get_wrong() -> None:
    company = sample_company()
    customers, items = company.customers(), company.items()
    assert {one["Sublevel"] for one in customers} == {"0", "1", "2"}
    assert any(not one["IsActive"] for one in customers)
    assert any(not one["IsActive"] for one in items)
    assert any("CreditCardInfo" in one for one in customers)
    assert any(len(one.get("ShipToAddress", ())) > 1 for one in customers)
    assert any("CreditLimit" in one for one in customers)
    assert any("Notes" in one for one in customers)
    assert any(character in one["Name"] for one in customers for character in "éçœ")
    assert any(one.get("QuantityOnHand") == "-2.695" for one in items)
    assert {"SalesOrPurchase", "SalesAndPurchase", "SalesPrice", "DiscountRate"} <= {
        key for one in items for key in one
    }
    assert customers[0]["ListID"] == items[0]["ListID"]
    assert not {one["ListID"] for one in customers[1:]} & {one["ListID"] for one in items}
    assert {gone.kind for gone in company.deleted()} == {"Customer", "ItemInventory"}


def test_the_canadian_company_has_its_taxes_and_speaks_french() -> None:
    company = sample_company("CA")
    assert company.view("item", company.find("item", "TPS"))["TaxRate"] == "5.0"
    assert company.view("item", company.find("item", "TPS et TVQ"))["ItemSalesTaxRef"][1]["FullName"] == "TVQ"
    assert {one["SalesTaxCodeRef"]["FullName"] for one in company.customers()} == {"S", "TPS", "TVQ", "E"}
    assert any("TaxRegistrationNumber" in one for one in company.customers())
    assert any(one.get("IsTaxIncluded") is True for one in company.items())
    assert "à panne" in company.view("item", company.find("item", "Outils à main:Marteau 16 oz"))["SalesDesc"]


def test_names_fit_quickbooks_and_a_large_company_is_quickly_made() -> None:
    began = time.perf_counter()
    company = sample_company(customers=20_000, items=20_000)
    assert time.perf_counter() - began < 10
    for records, name, full_name in ((company.lists["customer"], 41, 209), (company.lists["item"], 31, 159)):
        assert len(records) == 20_000
        assert all(len(one.name) <= name and len(one.full_name) <= full_name for one in records)
        assert not any(set(one.name) & set(":\t\n") for one in records)
        assert all(one.created <= one.modified for one in records)
