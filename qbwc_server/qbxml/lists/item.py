"""Items of all twelve types.

A price or a description stands in another place for each type: the alternative paths of one field.

Source: qbXML SDK facts, "Records", the Item…Ret elements.
"""

from typing import Final

from qbwc_server.qbxml.fields import (
    BOOL,
    CUSTOM,
    ENUM,
    ID,
    INT,
    LINES,
    MONEY,
    PERCENT,
    PRICE,
    QUANTITY,
    REF,
    TIME,
    Field,
    ref,
    text,
)
from qbwc_server.qbxml.lists.base import ListType

STOCKED: Final = ("ItemInventoryRet", "ItemInventoryAssemblyRet")
TRADED: Final = ("ItemServiceRet", "ItemNonInventoryRet", "ItemOtherChargeRet")
LEVELLED: Final = (*TRADED, *STOCKED, "ItemDiscountRet")

PUBLIC: Final = (
    Field("ListID", ("ListID",), ID, column="list_id"),
    # The name of the Ret element; QuickBooks has no element for it.
    Field("Type", (), ENUM, column="type"),
    Field("Name", ("Name",), text(31), column="name"),
    Field("FullName", ("FullName",), text(159), column="full_name", volatile=True),
    Field("Parent.ListID", ("ParentRef/ListID",), ID, column="parent_list_id", only=LEVELLED),
    Field("Sublevel", ("Sublevel",), INT, column="sublevel", only=LEVELLED, volatile=True),
    Field("IsActive", ("IsActive",), BOOL, column="is_active"),
    ref("Class", "class", since="12.0"),
    Field(
        "ManufacturerPartNumber",
        ("ManufacturerPartNumber",),
        text(31),
        column="sku",
        since="7.0",
        only=("ItemNonInventoryRet", *STOCKED),
    ),
    Field("BarCodeValue", ("BarCodeValue",), text(50), column="bar_code_value", since="12.0", absent_in=("AU",)),
    Field(
        "Description",
        ("SalesOrPurchase/Desc", "SalesAndPurchase/SalesDesc", "SalesDesc", "ItemDesc", "AssetDesc"),
        text(4095),
        column="description",
    ),
    Field(
        "Price",
        ("SalesOrPurchase/Price", "SalesAndPurchase/SalesPrice", "SalesPrice", "DiscountRate"),
        PRICE,
        column="price",
        only=LEVELLED,
    ),
    Field(
        "PricePercent",
        ("SalesOrPurchase/PricePercent", "DiscountRatePercent"),
        PERCENT,
        column="price_percent",
        only=(*TRADED, "ItemDiscountRet"),
    ),
    Field(
        "IsTaxIncluded",
        ("IsTaxIncluded",),
        BOOL,
        column="is_tax_included",
        since="6.0",
        only=(*TRADED, *STOCKED),
        absent_in=("US",),
    ),
    Field("SalesTaxCode", ("SalesTaxCodeRef/FullName",), REF, column="sales_tax_code", only=LEVELLED),
    Field("TaxRate", ("TaxRate",), PERCENT, column="tax_rate", only=("ItemSalesTaxRet",)),
    Field(
        "UnitOfMeasureSet",
        ("UnitOfMeasureSetRef/FullName",),
        REF,
        column="unit_of_measure",
        since="7.0",
        only=("ItemServiceRet", "ItemNonInventoryRet", *STOCKED, "ItemGroupRet"),
    ),
    Field("QuantityOnHand", ("QuantityOnHand",), QUANTITY, column="quantity_on_hand", only=STOCKED, volatile=True),
    Field("QuantityOnOrder", ("QuantityOnOrder",), QUANTITY, column="quantity_on_order", only=STOCKED, volatile=True),
    Field(
        "QuantityOnSalesOrder",
        ("QuantityOnSalesOrder",),
        QUANTITY,
        column="quantity_on_sales_order",
        since="2.0",
        only=STOCKED,
        volatile=True,
    ),
    # On hand less on sales orders; computed by the reader.
    Field("QuantityAvailable", (), QUANTITY, column="quantity_available", since="2.0", only=STOCKED, volatile=True),
    Field(
        "Lines",
        ("ItemGroupLine", "ItemInventoryAssemblyLine", "ItemSalesTaxRef"),
        LINES,
        private=True,
        column="lines",
        only=("ItemGroupRet", "ItemInventoryAssemblyRet", "ItemSalesTaxGroupRet"),
    ),
    Field(
        "SpecialItemType",
        ("SpecialItemType",),
        ENUM,
        column="special_item_type",
        since="6.0",
        only=("ItemOtherChargeRet", "ItemSubtotalRet", "ItemGroupRet"),
    ),
    Field("Custom", ("DataExtRet",), CUSTOM, private=True, column="custom_fields", since="2.0"),
    Field("TimeCreated", ("TimeCreated",), TIME, column="time_created"),
    Field("TimeModified", ("TimeModified",), TIME, column="time_modified"),
    Field("EditSequence", ("EditSequence",), text(16), column="edit_sequence"),
)

FIXED_ASSET: Final = ("ItemFixedAssetRet",)

PRIVATE: Final = (
    Field(
        "PurchaseDesc",
        ("SalesAndPurchase/PurchaseDesc", "PurchaseDesc"),
        text(4095),
        private=True,
        only=(*TRADED, *STOCKED, *FIXED_ASSET),
    ),
    Field(
        "PurchaseCost",
        ("SalesAndPurchase/PurchaseCost", "PurchaseCost"),
        PRICE,
        private=True,
        only=(*TRADED, *STOCKED, *FIXED_ASSET),
    ),
    Field("AverageCost", ("AverageCost",), PRICE, private=True, only=STOCKED),
    Field("CostBasis", ("CostBasis",), MONEY, private=True, since="3.0", only=FIXED_ASSET),
    Field(
        "PrefVendor",
        ("SalesAndPurchase/PrefVendorRef/FullName", "PrefVendorRef/FullName"),
        REF,
        private=True,
        only=(*TRADED, *STOCKED),
    ),
    Field("VendorOrPayeeName", ("VendorOrPayeeName",), text(50), private=True, since="3.0", only=FIXED_ASSET),
    Field("TaxVendor", ("TaxVendorRef/FullName",), REF, private=True, only=("ItemSalesTaxRet",)),
    Field(
        "Account",
        ("SalesOrPurchase/AccountRef/FullName", "AccountRef/FullName"),
        REF,
        private=True,
        only=(*TRADED, "ItemDiscountRet"),
    ),
    Field(
        "IncomeAccount",
        ("SalesAndPurchase/IncomeAccountRef/FullName", "IncomeAccountRef/FullName"),
        REF,
        private=True,
        only=(*TRADED, *STOCKED),
    ),
    Field("ExpenseAccount", ("SalesAndPurchase/ExpenseAccountRef/FullName",), REF, private=True, only=TRADED),
    Field("COGSAccount", ("COGSAccountRef/FullName",), REF, private=True, only=STOCKED),
    Field("AssetAccount", ("AssetAccountRef/FullName",), REF, private=True, only=(*STOCKED, *FIXED_ASSET)),
    Field("DepositToAccount", ("DepositToAccountRef/FullName",), REF, private=True, only=("ItemPaymentRet",)),
    Field("Notes", ("Notes",), text(4095), private=True, since="3.0", only=FIXED_ASSET),
)

ITEM: Final = ListType(
    name="item",
    query="ItemQuery",
    template="item_query.xml",
    rets=(
        "ItemServiceRet",
        "ItemNonInventoryRet",
        "ItemOtherChargeRet",
        "ItemInventoryRet",
        "ItemInventoryAssemblyRet",
        "ItemFixedAssetRet",
        "ItemSubtotalRet",
        "ItemDiscountRet",
        "ItemPaymentRet",
        "ItemSalesTaxRet",
        "ItemSalesTaxGroupRet",
        "ItemGroupRet",
    ),
    fields=PUBLIC + PRIVATE,
    table="items",
    deleted=(
        "ItemService",
        "ItemNonInventory",
        "ItemOtherCharge",
        "ItemInventory",
        "ItemInventoryAssembly",
        "ItemFixedAsset",
        "ItemSubtotal",
        "ItemDiscount",
        "ItemPayment",
        "ItemSalesTax",
        "ItemSalesTaxGroup",
        "ItemGroup",
    ),
    deleted_later=(("ItemFixedAsset", "3.0"),),
    shown=("ManufacturerPartNumber", "Type", "Price", "QuantityOnHand"),
)
