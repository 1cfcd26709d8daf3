"""Every request that can be built, at every version, judged by tables of our own."""

import itertools

import pytest

from qbwc_server.qbxml.characters import parse_small
from qbwc_server.qbxml.lists import LISTS
from qbwc_server.qbxml.request import ByFullName, ByListID, Count, Find, Page, Request, build_message_set
from qbwc_server.qbxml.versions import has, version_key

VERSIONS = ("2.0", "2.1", "3.0", "4.0", "4.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0")
COUNTRIES = ("US", "CA", "UK", "AU", "")

# The order in which a query's elements may stand, and the version in which each appeared.
QUERY = (
    ("ListID", "1.0"),
    ("FullName", "1.0"),
    ("MaxReturned", "1.0"),
    ("ActiveStatus", "1.0"),
    ("FromModifiedDate", "1.0"),
    ("ToModifiedDate", "1.0"),
    ("NameFilter", "1.0"),
    ("IncludeRetElement", "4.0"),
    ("OwnerID", "2.0"),
)
ATTRIBUTES = {"requestID": "1.0", "iterator": "5.0", "iteratorID": "5.0", "metaData": "4.0"}
ALTERNATIVES = ("ListID", "FullName")
FILTERS = {"MaxReturned", "ActiveStatus", "FromModifiedDate", "NameFilter"}
SINCE = "2024-03-10T02:30:00"
ITERATOR = "{11111111-1111-1111-1111-111111111111}"

_BOTH = "ListID TimeCreated TimeModified EditSequence Name FullName IsActive ParentRef Sublevel SalesTaxCodeRef Notes"
RETURNED = {
    "customer": {
        "1.0": f"{_BOTH} CompanyName Salutation FirstName MiddleName LastName BillAddress ShipAddress Phone "
        "AltPhone Fax Email Contact AltContact CustomerTypeRef TermsRef SalesRepRef Balance TotalBalance ResaleNumber "
        "AccountNumber CreditLimit JobStatus",
        "2.0": "DataExtRet",
        "3.0": "PreferredPaymentMethodRef",
        "4.0": "PriceLevelRef",
        "8.0": "CurrencyRef TaxRegistrationNumber",
        "12.0": "ClassRef JobTitle ShipToAddress Cc PreferredDeliveryMethod",
    },
    "item": {
        "1.0": f"{_BOTH} SalesOrPurchase SalesAndPurchase SalesDesc SalesPrice IncomeAccountRef PurchaseDesc "
        "PurchaseCost COGSAccountRef PrefVendorRef AssetAccountRef QuantityOnHand AverageCost QuantityOnOrder ItemDesc "
        "AccountRef DiscountRate DiscountRatePercent DepositToAccountRef TaxRate TaxVendorRef ItemSalesTaxRef "
        "ItemGroupLine ItemInventoryAssemblyLine",
        "2.0": "DataExtRet QuantityOnSalesOrder",
        "3.0": "AssetDesc VendorOrPayeeName CostBasis",
        "6.0": "IsTaxIncluded SpecialItemType",
        "7.0": "ManufacturerPartNumber UnitOfMeasureSetRef",
        "12.0": "ClassRef BarCodeValue",
    },
}
NOT_IN = {"TaxRegistrationNumber": {"US"}, "IsTaxIncluded": {"US"}, "BarCodeValue": {"AU"}}


def since(list_name: str, element: str) -> tuple[int, int]:
    for version, names in RETURNED[list_name].items():
        if element in names.split():
            return version_key(version)
    pytest.fail(f"{element} is no element of a {list_name}")


def private_sets(list_name: str) -> list[frozenset[str]]:
    kind = next(kind for kind in LISTS if kind.name == list_name)
    names = [f"{list_name}.{field.name}" for field in kind.fields if field.private]
    return [
        frozenset(),
        frozenset(names),
        frozenset({f"{list_name}.Custom.Colour"}),
        *(frozenset({name}) for name in names),
    ]


def one_of_each(list_name: str, version: str) -> list[Request]:
    requests: list[Request] = [
        ByListID("1", list_name, ("80000001-1400000000", "80000002-1400000000")),
        ByFullName("2", list_name, "A:B"),
        Find("3", list_name, "A"),
        Page("4", list_name, None, None, 100),
        Page("5", list_name, None, None, 100, SINCE, volatile=True),
    ]
    if has(version, "4.0"):
        requests += [Count("6", list_name), Count("7", list_name, SINCE)]
    if has(version, "5.0"):
        requests += [
            Page("8", list_name, "Start", None, 100, SINCE),
            Page("9", list_name, "Continue", ITERATOR, 100, volatile=True),
            Page("10", list_name, "Stop", ITERATOR, 100, SINCE, volatile=True),
        ]
    return requests


def judge(text: str, list_name: str, version: str, country: str) -> None:
    order = [name for name, _since in QUERY]
    known = {**dict(QUERY), **ATTRIBUTES}
    for request in parse_small(text.encode("ascii"))[0]:
        tags = [str(element.tag) for element in request]
        assert tags == sorted(tags, key=order.index)
        assert all(version_key(known[name]) <= version_key(version) for name in (*tags, *map(str, request.keys())))
        chosen = [name for name in ALTERNATIVES if name in tags]
        assert len(chosen) + bool(FILTERS & set(tags)) == 1
        assert "iterator" not in request.keys() or "MaxReturned" in tags  # noqa: SIM118 - an lxml element is no dict
        included = [element.text or "" for element in request.findall("IncludeRetElement")]
        assert len(set(included)) == len(included)
        for element in included:
            assert since(list_name, element) <= version_key(version), element
            assert country not in NOT_IN.get(element, set()), element


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_every_request_holds_only_what_its_version_knows_in_order(list_name: str, version: str) -> None:
    for private, country, limited in itertools.product(private_sets(list_name), COUNTRIES, (True, False)):
        text = build_message_set(
            one_of_each(list_name, version), version=version, private=private, country=country, limit_elements=limited
        )
        judge(text, list_name, version, country)


@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_every_element_in_the_tables_is_asked_for_somewhere(list_name: str) -> None:
    text = build_message_set(
        one_of_each(list_name, "13.0"), version="13.0", private=private_sets(list_name)[1], country="CA"
    )
    request = parse_small(text.encode("ascii"))[0][0]
    named = {element.text for element in request.findall("IncludeRetElement")}
    known = {name for names in RETURNED[list_name].values() for name in names.split()}
    assert named == known
