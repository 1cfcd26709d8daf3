"""The items written by hand: one or more of each of the twelve types, with the shapes that are easy to misread."""

# ruff: noqa: RUF001 - the texts hold the apostrophes and dashes that QuickBooks keeps in Windows-1252

from collections.abc import Callable
from dataclasses import dataclass, field

from qbwc_server.rehearsal.company_records import Values
from qbwc_server.rehearsal.data_common import reference


@dataclass(frozen=True, slots=True)
class Special:
    """A hand-written item.

    Attributes:
        ret: its type, such as `ItemService`.
        name: in the US company.
        values: its own elements.
        parent: the number of its parent.
        french: its name in the Canadian company, if another.
        french_values: what replaces elements of `values` there.
        lines: (number of an earlier item, quantity, unit) for groups, assemblies and tax groups.
    """

    ret: str
    name: str
    values: Values = field(default_factory=dict)
    parent: int | None = None
    french: str = ""
    french_values: Values = field(default_factory=dict)
    lines: tuple[tuple[int, str, str], ...] = ()

    def name_in(self, country: str) -> str:
        """Its name in the company of that country."""
        return self.french if country == "CA" and self.french else self.name


def income() -> dict[str, str]:
    """The account that sales go to."""
    return reference("income", 0, ("Sales:Hardware",))


def expense() -> dict[str, str]:
    """The account that purchases go to."""
    return reference("expense", 0, ("Purchases",))


def special_values(
    special: Special, country: str, list_id: Callable[[int], str], full_name: Callable[[int], str]
) -> Values:
    """The elements of a hand-written item; its lines refer to other items by their number."""
    values = {**special.values, **(special.french_values if country == "CA" else {})}
    if not special.lines:
        return values
    references = [{"ListID": list_id(number), "FullName": full_name(number)} for number, _, _ in special.lines]
    pairs = list(zip(references, special.lines, strict=True))
    if special.ret == "ItemSalesTaxGroup":
        values["ItemSalesTaxRef"] = references
    elif special.ret == "ItemInventoryAssembly":
        values["ItemInventoryAssemblyLine"] = [{"ItemInventoryRef": item, "Quantity": line[1]} for item, line in pairs]
    else:
        values["ItemGroupLine"] = [
            {"ItemRef": item, "Quantity": line[1], "UnitOfMeasure": line[2]} for item, line in pairs
        ]
    return values


def _stock(text: str, price: str, on_hand: str, **more: object) -> Values:
    return {
        "SalesDesc": text,
        "SalesPrice": price,
        "IncomeAccountRef": income(),
        "PurchaseDesc": f"{text}, per carton",
        "PurchaseCost": "4.125",
        "COGSAccountRef": reference("cogs", 0, ("Cost of Goods Sold",)),
        "PrefVendorRef": reference("vendor", 0, ("Northern Supply",)),
        "AssetAccountRef": reference("asset", 0, ("Inventory Asset",)),
        "ReorderPoint": "10",
        "QuantityOnHand": on_hand,
        "AverageCost": "4.0975",
        "QuantityOnOrder": "24",
        "QuantityOnSalesOrder": "3",
        **more,
    }


def _sale(text: str, **price: str) -> Values:
    return {"SalesOrPurchase": {"Desc": text, **price, "AccountRef": income()}}


_BOTH: Values = {
    "SalesAndPurchase": {
        "SalesDesc": "Paint mixed to order",
        "SalesPrice": "39.95",
        "IncomeAccountRef": income(),
        "PurchaseDesc": "Base, 1 gallon",
        "PurchaseCost": "21.50",
        "ExpenseAccountRef": expense(),
        "PrefVendorRef": reference("vendor", 1, ("Northern Supply", "Distribution Lévis")),
    }
}
_FRENCH_BOTH: Values = {
    "SalesAndPurchase": {
        **_BOTH["SalesAndPurchase"],
        "SalesDesc": "Peinture mélangée sur mesure",
        "PurchaseTaxCodeRef": reference("taxcode", 0, ("S",)),
    }
}
_TRUCK: Values = {
    "AcquiredAs": "New",
    "PurchaseDesc": "Delivery truck",
    "PurchaseDate": "2021-06-30",
    "PurchaseCost": "48500.00",
    "VendorOrPayeeName": "Camions Beaudry",
    "AssetAccountRef": reference("asset", 1, ("Inventory Asset", "Vehicles")),
    "AssetDesc": "Box truck, 16 ft",
    "Location": "Yard",
    "SerialNumber": "TRK-77",
    "CostBasis": "48500.00",
    "YearEndBookValue": "30100.00",
}

SPECIAL: tuple[Special, ...] = (
    Special("ItemInventory", "Hand tools", _stock("Hand tools", "0.00", "0"), french="Outils à main"),
    Special(
        "ItemInventory",
        "Hammer 16 oz",
        _stock("Claw hammer, 16 oz, fibreglass", "24.99", "42", Max="120", ManufacturerPartNumber="HM-16"),
        parent=0,
        french="Marteau 16 oz",
        french_values={"SalesDesc": "Marteau à panne fendue, manche en fibre — l’indispensable"},
    ),
    Special(
        "ItemInventory",
        "Deck screws",
        _stock(
            "Deck screws, sold by the pound",
            "7.12345",
            "-2.695",
            UnitOfMeasureSetRef=reference("uom", 1, ("Count in each", "Weight by the lb")),
            ManufacturerPartNumber="DS-3",
        ),
        french="Vis à terrasse",
    ),
    Special("ItemService", "Installation", _sale("Installation, per hour", Price="85.00")),
    Special("ItemService", "Design", _BOTH, french="Conception", french_values=_FRENCH_BOTH),
    Special(
        "ItemNonInventory",
        "Custom paint",
        {**_BOTH, "ManufacturerPartNumber": "PNT-GAL"},
        french="Peinture sur mesure",
        french_values=_FRENCH_BOTH,
    ),
    Special("ItemOtherCharge", "Delivery", _sale("Delivery outside town", PricePercent="18.0"), french="Livraison"),
    Special(
        "ItemInventoryAssembly",
        "Starter tool kit",
        {
            key: value
            for key, value in _stock("Starter kit in a bag", "59.00", "6", BuildPoint="2", Max="25").items()
            if key != "ReorderPoint"
        },
        french="Trousse de départ",
        lines=((1, "1", ""), (2, "0.25", "")),
    ),
    Special("ItemFixedAsset", "Truck 1", _TRUCK, french="Camion 1"),
    Special("ItemSubtotal", "Subtotal", {"ItemDesc": "Subtotal"}, french="Sous-total"),
    Special(
        "ItemDiscount",
        "Contractor discount",
        {"ItemDesc": "Contractor discount", "DiscountRatePercent": "10.0", "AccountRef": income()},
        french="Rabais entrepreneur",
    ),
    Special(
        "ItemPayment",
        "Cash payment",
        {
            "ItemDesc": "Paid in cash",
            "DepositToAccountRef": reference("bank", 0, ("Undeposited Funds",)),
            "PaymentMethodRef": reference("payment", 2, ("Check", "Visa", "Cash")),
        },
        french="Paiement comptant",
    ),
    Special(
        "ItemSalesTax",
        "State sales tax",
        {
            "ItemDesc": "State sales tax",
            "TaxRate": "5.5",
            "TaxVendorRef": reference("vendor", 2, ("Northern Supply", "Distribution Lévis", "Tax Office")),
        },
        french="TPS",
        french_values={"ItemDesc": "Taxe sur les produits et services (GST)", "TaxRate": "5.0"},
    ),
    Special(
        "ItemSalesTax",
        "County tax",
        {"ItemDesc": "County tax", "TaxRate": "0.25"},
        french="TVQ",
        french_values={"ItemDesc": "Taxe de vente du Québec (QST)", "TaxRate": "9.975"},
    ),
    Special(
        "ItemSalesTaxGroup",
        "State and county",
        {"ItemDesc": "Both taxes"},
        french="TPS et TVQ",
        lines=((12, "", ""), (13, "", "")),
    ),
    Special(
        "ItemGroup",
        "Weekend project",
        {"ItemDesc": "All for one weekend", "IsPrintItemsInGroup": True},
        french="Projet de fin de semaine",
        lines=((1, "1", "ea"), (2, "2.5", "lb"), (3, "4", "")),
    ),
    Special("ItemDiscount", "Coupon", {"ItemDesc": "Coupon", "DiscountRate": "-5.00", "AccountRef": income()}),
    Special("ItemService", "Sharpening", {"SalesOrPurchase": {"Desc": "Blade sharpening"}}, french="Affûtage"),
    Special(
        "ItemOtherCharge",
        "Fin Chg",
        {**_sale("Finance charge", Price="0.00"), "SpecialItemType": "FinanceCharge"},
        french="Frais fin.",
    ),
    Special("ItemNonInventory", "Scrap"),
    Special(
        "ItemInventory",
        "Œillets & rivets",
        _stock('Œillets « laiton », boîte de 100 – 1/2"', "12.50", "0.00001"),
        parent=0,
    ),
    Special("ItemService", "Installation évaluée", _sale("Évaluation à domicile", PricePercent="2.5"), parent=3),
    Special("ItemNonInventory", "Gift card", _sale("Gift card", Price="25.00"), french="Carte-cadeau"),
    Special("ItemOtherCharge", "Cutting fee", _BOTH, french="Frais de coupe", french_values=_FRENCH_BOTH),
)
