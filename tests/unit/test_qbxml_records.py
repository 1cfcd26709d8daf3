import io
from decimal import Decimal

import pytest
from lxml import etree

from qbwc_server.qbxml.asking import asked_fields
from qbwc_server.qbxml.fields import Value
from qbwc_server.qbxml.lists import ITEM, LISTS, list_type
from qbwc_server.qbxml.record import Observation
from qbwc_server.qbxml.response import ListQueryContext, read_answer

BASIC = (
    "<ListID>80000001-1400000000</ListID><TimeCreated>2014-07-19T07:21:56-05:00</TimeCreated>"
    "<TimeModified>2014-07-20T07:21:56-05:00</TimeModified><EditSequence>1405768916</EditSequence>"
)
ALL = frozenset(f"{kind.name}.{field.name}" for kind in LISTS for field in kind.fields if field.private)


def read(
    body: str, ret: str = "CustomerRet", private: frozenset[str] = frozenset(), asked: frozenset[str] | None = None
) -> Observation:
    name = "customer" if ret == "CustomerRet" else "item"
    query = list_type(name).answer_element
    if asked is None:
        asked = asked_fields(name, version="13.0", private=private, country="CA")
    text = (
        f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><{query} requestID="1" statusCode="0">'
        f"<{ret}>{BASIC}{body}</{ret}></{query}></QBXMLMsgsRs></QBXML>"
    )
    parts = read_answer(io.BytesIO(text.encode()), {"1": ListQueryContext(name, asked, private)})
    return next(part for part in parts if isinstance(part, Observation))


def only(body: str, ret: str = "CustomerRet", private: frozenset[str] = frozenset()) -> dict[str, Value]:
    """The values of a record without those that each has."""
    common = {"ListID", "Name", "FullName", "IsActive", "EditSequence", "TimeCreated", "TimeModified", "Type"}
    return {name: value for name, value in read(body, ret, private).values.items() if name not in common}


def reference(name: str, full_name: str) -> str:
    return f"<{name}><ListID>1-1</ListID><FullName>{full_name}</FullName></{name}>"


def test_what_every_record_has_is_filled_in() -> None:
    values = read("<Name>Dupont</Name>").values
    assert values["FullName"] == "Dupont"
    assert values["IsActive"] is True
    assert read("").values["Name"] == ""


def test_a_customer_is_read_whole() -> None:
    address = (
        "<Addr1>Dupont</Addr1><Addr2>1, rue de l&#146;&#201;glise</Addr2><Addr5>Quai 3</Addr5><City>Qu&#233;bec</City>"
        "<State>QC</State><PostalCode>G1R 1A1</PostalCode><Country>Canada</Country><Note>ring</Note>"
    )
    values = only(
        f"<Name>Kitchen</Name><FullName>Dupont:Kitchen</FullName><IsActive>false</IsActive>"
        f"{reference('ClassRef', 'Retail')}{reference('ParentRef', 'Dupont')}<Sublevel>1</Sublevel>"
        f"<CompanyName>Dupont</CompanyName><BillAddress>{address}</BillAddress>"
        f"<BillAddressBlock><Addr1>printed</Addr1></BillAddressBlock>"
        f"<ShipToAddress><Name>Home</Name>{address}<DefaultShipTo>true</DefaultShipTo></ShipToAddress>"
        f"<ShipToAddress><Name>Shed</Name><DefaultShipTo>false</DefaultShipTo></ShipToAddress>"
        f"<Email>a@b.ca</Email><Cc>c@d.ca</Cc>{reference('TermsRef', 'Net 30')}"
        f"<PreferredDeliveryMethod>Mail</PreferredDeliveryMethod><JobStatus>Paused</JobStatus>"
        f"<TaxRegistrationNumber>123 RT</TaxRegistrationNumber>{reference('CurrencyRef', 'Canadian Dollar')}"
    )
    bill = {
        "Addr1": "Dupont",
        "Addr2": "1, rue de l\u2019Église",
        "Addr5": "Quai 3",
        "City": "Québec",
        "State": "QC",
        "PostalCode": "G1R 1A1",
        "Country": "Canada",
    }
    home = {
        "name": "Home",
        "addr1": "Dupont",
        "addr2": "1, rue de l\u2019Église",
        "addr5": "Quai 3",
        "city": "Québec",
        "state": "QC",
        "postal_code": "G1R 1A1",
        "country": "Canada",
        "default_ship_to": True,
    }
    assert values == {
        "Class": "Retail",
        "Parent.ListID": "1-1",
        "Sublevel": 1,
        "CompanyName": "Dupont",
        **{f"BillAddress.{name}": text for name, text in bill.items()},
        "ShipToAddresses": [home, {"name": "Shed", "default_ship_to": False}],
        "Email": "a@b.ca",
        "Cc": "c@d.ca",
        "Terms": "Net 30",
        "PreferredDeliveryMethod": "Mail",
        "JobStatus": "Paused",
        "TaxRegistrationNumber": "123 RT",
        "Currency": "Canadian Dollar",
    }


CARD = (
    "<CreditCardInfo><CreditCardNumber>4111111111111111</CreditCardNumber><NameOnCard>D</NameOnCard></CreditCardInfo>"
)
PRIVATE_CUSTOMER = (
    "<Balance>12.50</Balance><TotalBalance>-3.00</TotalBalance><ResaleNumber>R1</ResaleNumber>"
    f"<AccountNumber>A1</AccountNumber><CreditLimit>500.00</CreditLimit>{CARD}<Notes>do not call</Notes>"
    "<DataExtRet><OwnerID>0</OwnerID><DataExtName>Colour</DataExtName><DataExtType>STR255TYPE</DataExtType>"
    "<DataExtValue>red</DataExtValue></DataExtRet>"
    "<DataExtRet><OwnerID>0</OwnerID><DataExtName>Size</DataExtName><DataExtValue>L</DataExtValue></DataExtRet>"
    "<DataExtRet><OwnerID>{A}</OwnerID><DataExtName>Key</DataExtName><DataExtValue>secret</DataExtValue></DataExtRet>"
)


def test_private_fields_are_dropped_though_they_came() -> None:
    assert only(PRIVATE_CUSTOMER) == {}


def test_private_fields_are_dropped_even_if_they_are_said_to_be_asked_for() -> None:
    asked = frozenset(field.name for field in list_type("customer").fields)
    record = read(PRIVATE_CUSTOMER, asked=asked)
    assert not {"Balance", "Notes", "Custom"} & set(record.values)
    assert not {"Balance", "Notes", "Custom"} & record.asked


def test_published_private_fields_are_read_and_card_data_never() -> None:
    assert only(PRIVATE_CUSTOMER, private=ALL) == {
        "Balance": Decimal("12.50"),
        "TotalBalance": Decimal("-3.00"),
        "ResaleNumber": "R1",
        "AccountNumber": "A1",
        "CreditLimit": Decimal("500.00"),
        "Notes": "do not call",
        "Custom": {"Colour": "red", "Size": "L"},
    }


def test_one_published_custom_field_comes_alone() -> None:
    assert only(PRIVATE_CUSTOMER, private=frozenset({"customer.Custom.Colour"})) == {"Custom": {"Colour": "red"}}
    assert only(PRIVATE_CUSTOMER, private=frozenset({"item.Custom"})) == {}


def test_a_value_that_cannot_be_read_is_as_if_not_asked_for() -> None:
    record = read(
        "<Name>Dupont</Name><Sublevel>deep</Sublevel><IsActive>perhaps</IsActive><Balance>lots</Balance>",
        private=frozenset({"customer.Balance"}),
    )
    assert record.values["Name"] == "Dupont"
    assert not {"Sublevel", "IsActive", "Balance"} & record.asked
    assert {"Sublevel", "Balance"}.isdisjoint(record.values)
    assert "Name" in record.asked
    assert record.warnings == (
        "Sublevel is not a whole number",
        "IsActive is neither true nor false",
        "Balance is not a number",
    )
    assert record.unread == ("Sublevel", "IsActive", "Balance")


def test_an_unreadable_quantity_takes_what_is_computed_from_it_along() -> None:
    record = read(
        "<QuantityOnHand>x</QuantityOnHand><QuantityOnSalesOrder>1</QuantityOnSalesOrder>", "ItemInventoryRet"
    )
    assert not {"QuantityOnHand", "QuantityAvailable"} & (record.asked | set(record.values))


def test_empty_elements_are_absent_and_blanks_are_kept_in_text_alone() -> None:
    record = read("<Name> Dupont </Name><Phone></Phone><Fax/><Contact>&amp;#x1F;</Contact><Sublevel> </Sublevel>")
    assert record.values["Name"] == " Dupont "
    assert not {"Phone", "Fax", "Contact", "Sublevel"} & set(record.values)
    assert "Sublevel" in record.asked
    assert record.warnings == ()


def test_elements_may_come_in_another_order_and_the_first_of_two_counts() -> None:
    values = only(
        f"<Phone>1</Phone>{reference('ParentRef', 'D')}<Phone>2</Phone><CompanyName>D</CompanyName><Name>a</Name>"
    )
    assert values == {"Phone": "1", "Parent.ListID": "1-1", "CompanyName": "D"}


SALES_OR = "<SalesOrPurchase><Desc>d</Desc>{}" + reference("AccountRef", "Sales") + "</SalesOrPurchase>"
SALES_AND = (
    "<SalesAndPurchase><SalesDesc>d</SalesDesc><SalesPrice>1.25</SalesPrice>"
    + reference("IncomeAccountRef", "Sales")
    + "<PurchaseDesc>p</PurchaseDesc><PurchaseCost>0.75</PurchaseCost>"
    + reference("ExpenseAccountRef", "Costs")
    + reference("PrefVendorRef", "Vendor")
    + "</SalesAndPurchase>"
)
STOCK = (
    "<ManufacturerPartNumber>M1</ManufacturerPartNumber><SalesDesc>d</SalesDesc><SalesPrice>1.25000</SalesPrice>"
    + reference("IncomeAccountRef", "Sales")
    + "<PurchaseDesc>p</PurchaseDesc><PurchaseCost>0.75</PurchaseCost>"
    + reference("COGSAccountRef", "COGS")
    + reference("PrefVendorRef", "Vendor")
    + reference("AssetAccountRef", "Stock")
    + "<QuantityOnHand>-281</QuantityOnHand><AverageCost>2.695</AverageCost><QuantityOnOrder>3</QuantityOnOrder>"
    "<QuantityOnSalesOrder>0.5</QuantityOnSalesOrder>"
)
STOCK_PUBLIC: dict[str, Value] = {
    "ManufacturerPartNumber": "M1",
    "Description": "d",
    "Price": Decimal("1.25000"),
    "QuantityOnHand": Decimal(-281),
    "QuantityOnOrder": Decimal(3),
    "QuantityOnSalesOrder": Decimal("0.5"),
    "QuantityAvailable": Decimal("-281.5"),
}
STOCK_PRIVATE: dict[str, Value] = {
    "IncomeAccount": "Sales",
    "PurchaseDesc": "p",
    "PurchaseCost": Decimal("0.75"),
    "COGSAccount": "COGS",
    "PrefVendor": "Vendor",
    "AssetAccount": "Stock",
    "AverageCost": Decimal("2.695"),
}
AND_PRIVATE: dict[str, Value] = {
    "IncomeAccount": "Sales",
    "PurchaseDesc": "p",
    "PurchaseCost": Decimal("0.75"),
    "ExpenseAccount": "Costs",
    "PrefVendor": "Vendor",
}
ITEMS: list[tuple[str, str, dict[str, Value], dict[str, Value]]] = [
    (
        "ItemServiceRet",
        SALES_OR.format("<Price>40.00</Price>"),
        {"Description": "d", "Price": Decimal("40.00")},
        {"Account": "Sales"},
    ),
    ("ItemServiceRet", SALES_AND, {"Description": "d", "Price": Decimal("1.25")}, AND_PRIVATE),
    (
        "ItemNonInventoryRet",
        f"<IsTaxIncluded>false</IsTaxIncluded>{SALES_AND}",
        {"Description": "d", "Price": Decimal("1.25"), "IsTaxIncluded": False},
        AND_PRIVATE,
    ),
    (
        "ItemOtherChargeRet",
        SALES_OR.format("<PricePercent>18.0%</PricePercent>") + "<SpecialItemType>FinanceCharge</SpecialItemType>",
        {"Description": "d", "PricePercent": Decimal("18.0"), "SpecialItemType": "FinanceCharge"},
        {"Account": "Sales"},
    ),
    ("ItemInventoryRet", STOCK, STOCK_PUBLIC, STOCK_PRIVATE),
    (
        "ItemInventoryAssemblyRet",
        STOCK
        + f"<ItemInventoryAssemblyLine>{reference('ItemInventoryRef', 'Screw')}<Quantity>0.250</Quantity>"
        + f"</ItemInventoryAssemblyLine><ItemInventoryAssemblyLine>{reference('ItemInventoryRef', 'Nut')}"
        + "</ItemInventoryAssemblyLine>",
        STOCK_PUBLIC,
        {
            **STOCK_PRIVATE,
            "Lines": [
                {"list_id": "1-1", "full_name": "Screw", "quantity": "0.250"},
                {"list_id": "1-1", "full_name": "Nut"},
            ],
        },
    ),
    (
        "ItemFixedAssetRet",
        "<PurchaseDesc>Van</PurchaseDesc><PurchaseCost>9000.00</PurchaseCost><VendorOrPayeeName>G</VendorOrPayeeName>"
        + reference("AssetAccountRef", "Vehicles")
        + "<FixedAssetSalesInfo><SalesDesc>sold</SalesDesc><SalesPrice>1</SalesPrice></FixedAssetSalesInfo>"
        "<AssetDesc>The van</AssetDesc><Notes>dented</Notes><CostBasis>8000.00</CostBasis>",
        {"Description": "The van"},
        {
            "PurchaseDesc": "Van",
            "PurchaseCost": Decimal("9000.00"),
            "VendorOrPayeeName": "G",
            "AssetAccount": "Vehicles",
            "Notes": "dented",
            "CostBasis": Decimal("8000.00"),
        },
    ),
    ("ItemSubtotalRet", "<ItemDesc>sum</ItemDesc>", {"Description": "sum"}, {}),
    (
        "ItemDiscountRet",
        "<ItemDesc>off</ItemDesc><DiscountRatePercent>-10.0</DiscountRatePercent>"
        + reference("AccountRef", "Discounts"),
        {"Description": "off", "PricePercent": Decimal("-10.0")},
        {"Account": "Discounts"},
    ),
    ("ItemDiscountRet", "<DiscountRate>5.00</DiscountRate>", {"Price": Decimal("5.00")}, {}),
    (
        "ItemPaymentRet",
        "<ItemDesc>paid</ItemDesc>" + reference("DepositToAccountRef", "Bank"),
        {"Description": "paid"},
        {"DepositToAccount": "Bank"},
    ),
    (
        "ItemSalesTaxRet",
        "<ItemDesc>TPS</ItemDesc><TaxRate>5.0</TaxRate>" + reference("TaxVendorRef", "Agency"),
        {"Description": "TPS", "TaxRate": Decimal("5.0")},
        {"TaxVendor": "Agency"},
    ),
    (
        "ItemSalesTaxGroupRet",
        "<ItemDesc>TPS/TVQ</ItemDesc>" + reference("ItemSalesTaxRef", "TPS") + reference("ItemSalesTaxRef", "TVQ"),
        {"Description": "TPS/TVQ"},
        {"Lines": [{"list_id": "1-1", "full_name": "TPS"}, {"list_id": "1-1", "full_name": "TVQ"}]},
    ),
    (
        "ItemGroupRet",
        "<ItemDesc>kit</ItemDesc>"
        + reference("UnitOfMeasureSetRef", "Box")
        + f"<ItemGroupLine>{reference('ItemRef', 'Nut')}<Quantity>2</Quantity>"
        "<UnitOfMeasure>each</UnitOfMeasure></ItemGroupLine>",
        {"Description": "kit", "UnitOfMeasureSet": "Box"},
        {"Lines": [{"list_id": "1-1", "full_name": "Nut", "quantity": "2", "unit": "each"}]},
    ),
]


@pytest.mark.parametrize(("ret", "body", "public", "private"), ITEMS)
def test_each_type_of_item_is_read(ret: str, body: str, public: dict[str, Value], private: dict[str, Value]) -> None:
    assert read(body, ret).values["Type"] == ret.removesuffix("Ret")
    assert only(body, ret) == public
    assert only(body, ret, ALL) == {**public, **private}


def test_all_twelve_types_are_tried() -> None:
    assert {ret for ret, *_rest in ITEMS} == set(ITEM.rets)


def test_the_preferred_place_of_a_price_counts_whatever_comes_first() -> None:
    body = "<SalesPrice>2</SalesPrice>" + SALES_OR.format("<Price>1</Price>")
    assert only(body, "ItemServiceRet")["Price"] == Decimal(1)
    assert only(SALES_OR.format("<Price>1</Price>") + "<SalesPrice>2</SalesPrice>", "ItemServiceRet")[
        "Price"
    ] == Decimal(1)


def test_a_line_that_cannot_be_read_leaves_the_lines_as_they_were() -> None:
    line = f"<ItemGroupLine>{reference('ItemRef', 'Nut')}<Quantity>two</Quantity></ItemGroupLine>"
    record = read(line, "ItemGroupRet", ALL)
    assert "Lines" not in record.asked
    assert "Lines" not in record.values
    assert record.warnings == ("Lines is not a number",)


def test_quantity_available_needs_both_quantities() -> None:
    assert "QuantityAvailable" not in read("<QuantityOnHand>5</QuantityOnHand>", "ItemInventoryRet").values


def test_a_field_that_a_type_does_not_have_is_not_read_from_it() -> None:
    assert "Price" not in only("<SalesPrice>1</SalesPrice>", "ItemPaymentRet")


def test_an_observation_holds_no_element_of_the_tree() -> None:
    record = read(PRIVATE_CUSTOMER, private=ALL)
    assert not [value for value in record.values.values() if isinstance(value, etree._Element)]
