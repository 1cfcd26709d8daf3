"""The twelve item records, in wire order."""

from qbwc_server.rehearsal.schema import BASE, Element, Version, table

_HEAD = """
ListID id
TimeCreated time
TimeModified time
EditSequence text
Name text
"""
_PLAIN = f"{_HEAD}BarCodeValue text 12.0\nIsActive bool\n"
_PLAIN_WITH_CLASS = f"{_PLAIN}ClassRef ref 12.0\n"
_TREE = f"{_HEAD}FullName text\nBarCodeValue text 12.0\nIsActive bool\nClassRef ref 12.0\nParentRef ref\nSublevel int\n"
_TAIL = "ExternalGUID guid 8.0\nDataExtRet* dataext 2.0\n"
_SALES_TAX = "IsTaxIncluded bool 6.0 CA\nSalesTaxCodeRef ref\n"
_EITHER = "SalesOrPurchase sale\nSalesAndPurchase both\n"
_STOCK = f"""
UnitOfMeasureSetRef ref 7.0
{_SALES_TAX}
SalesDesc text
SalesPrice price
IncomeAccountRef ref
PurchaseDesc text
PurchaseCost price
PurchaseTaxCodeRef ref 6.0 CA
COGSAccountRef ref
PrefVendorRef ref
AssetAccountRef ref
"""

_STRUCTURES = {
    **BASE,
    "sale": table("Desc text\nPrice price\nPricePercent percent\nAccountRef ref", BASE),
    "both": table(
        "SalesDesc text\nSalesPrice price\nIncomeAccountRef ref\nPurchaseDesc text\nPurchaseCost price\n"
        "PurchaseTaxCodeRef ref 6.0 CA\nExpenseAccountRef ref\nPrefVendorRef ref",
        BASE,
    ),
    "assemblyline": table("ItemInventoryRef ref\nQuantity quantity", BASE),
    "groupline": table("ItemRef ref\nQuantity quantity\nUnitOfMeasure text 7.0", BASE),
    "assetsale": table("SalesDesc text\nSalesDate date\nSalesPrice price\nSalesExpense price", BASE),
}

_TABLES: dict[str, str] = {
    "ItemService": f"{_TREE}UnitOfMeasureSetRef ref 7.0\n{_SALES_TAX}{_EITHER}{_TAIL}",
    "ItemNonInventory": (
        f"{_TREE}ManufacturerPartNumber text 7.0\nUnitOfMeasureSetRef ref 7.0\n{_SALES_TAX}{_EITHER}{_TAIL}"
    ),
    "ItemOtherCharge": f"{_TREE}{_SALES_TAX}{_EITHER}SpecialItemType enum 6.0\n{_TAIL}",
    "ItemInventory": (
        f"{_TREE}ManufacturerPartNumber text 7.0\n{_STOCK}ReorderPoint quantity\nMax quantity 13.0\n"
        "QuantityOnHand quantity\nAverageCost price\nQuantityOnOrder quantity\n"
        f"QuantityOnSalesOrder quantity 2.0\n{_TAIL}"
    ),
    "ItemInventoryAssembly": (
        f"{_TREE}ManufacturerPartNumber text 12.0\n{_STOCK}BuildPoint quantity\nMax quantity 13.0\n"
        "QuantityOnHand quantity\nAverageCost price\nQuantityOnOrder quantity\nQuantityOnSalesOrder quantity\n"
        "ExternalGUID guid 8.0\nItemInventoryAssemblyLine* assemblyline\nDataExtRet* dataext 2.0"
    ),
    "ItemFixedAsset": (
        f"{_PLAIN_WITH_CLASS}AcquiredAs enum\nPurchaseDesc text\nPurchaseDate date\nPurchaseCost price\n"
        "VendorOrPayeeName text\nAssetAccountRef ref\nFixedAssetSalesInfo assetsale\nAssetDesc text\nLocation text\n"
        "PONumber text\nSerialNumber text\nWarrantyExpDate date\nNotes text\nAssetNumber text\nCostBasis amount\n"
        f"YearEndAccumulatedDepreciation amount\nYearEndBookValue amount\n{_TAIL}"
    ),
    "ItemSubtotal": f"{_PLAIN}ItemDesc text\nSpecialItemType enum 6.0\n{_TAIL}",
    "ItemDiscount": (
        f"{_TREE}ItemDesc text\nSalesTaxCodeRef ref\nDiscountRate price\nDiscountRatePercent percent\n"
        f"AccountRef ref\n{_TAIL}"
    ),
    "ItemPayment": f"{_PLAIN_WITH_CLASS}ItemDesc text\nDepositToAccountRef ref\nPaymentMethodRef ref\n{_TAIL}",
    "ItemSalesTax": (
        f"{_PLAIN_WITH_CLASS}ItemDesc text\nTaxRate percent\nTaxVendorRef ref\n"
        f"SalesTaxReturnLineRef ref 8.0 CA\n{_TAIL}"
    ),
    "ItemSalesTaxGroup": (
        f"{_PLAIN}ItemDesc text\nExternalGUID guid 8.0\nItemSalesTaxRef* ref\nDataExtRet* dataext 2.0"
    ),
    "ItemGroup": (
        f"{_PLAIN}ItemDesc text\nUnitOfMeasureSetRef ref 7.0\nIsPrintItemsInGroup bool\nSpecialItemType enum 6.0\n"
        "ExternalGUID guid 8.0\nItemGroupLine* groupline\nDataExtRet* dataext 2.0"
    ),
}

ITEMS: dict[str, tuple[Element, ...]] = {name: table(text, _STRUCTURES) for name, text in _TABLES.items()}
ITEM_SINCE: dict[str, Version] = {"ItemFixedAsset": (3, 0)}
WITHOUT_FULL_NAME = frozenset(
    {"ItemFixedAsset", "ItemSubtotal", "ItemPayment", "ItemSalesTax", "ItemSalesTaxGroup", "ItemGroup"}
)
