"""HostRet, CompanyRet, PreferencesRet and ListDeletedRet: what this company says about itself, in wire order."""

from qbwc_server.rehearsal.schema import BASE, table

HOST = table(
    """
ProductName text
MajorVersion text
MinorVersion text
Country text 3.0
SupportedQBXMLVersion* text
IsAutomaticLogin bool 3.0
QBFileMode enum 3.0
""",
    BASE,
)

COMPANY = table(
    """
IsSampleCompany bool 3.0
CompanyName text
LegalCompanyName text
Address address
AddressBlock block 6.0
LegalAddress address
Phone text
Email text
FirstMonthFiscalYear enum
FirstMonthIncomeTaxYear enum
CompanyType text
EIN text 2.0
DataExtRet* dataext 2.0
""",
    BASE,
)

_PREFERENCES = {
    "accounting": table(
        "IsUsingAccountNumbers bool\nIsRequiringAccounts bool\nIsUsingClassTracking bool\nIsUsingAuditTrail bool\n"
        "IsAssigningJournalEntryNumbers bool",
        BASE,
    ),
    "currency": table("IsMultiCurrencyOn bool", BASE),
    "purchases": table(
        "IsUsingInventory bool\nDaysBillsAreDue int\nIsAutomaticallyUsingDiscounts bool",
        BASE,
    ),
    "rights": table(
        "IsAutomaticLoginAllowed bool\nAutomaticLoginUserName text\nIsPersonalDataAccessAllowed bool", BASE
    ),
}
PREFERENCES = table(
    """
AccountingPreferences accounting
MultiCurrencyPreferences currency 8.0
PurchasesAndVendorsPreferences purchases
CurrentAppAccessRights rights
""",
    _PREFERENCES,
)

LIST_DELETED = table(
    """
ListDelType enum
ListID id
TimeCreated time
TimeDeleted time
FullName text
""",
    BASE,
)

DELETED_TYPES = frozenset(
    {
        "Account",
        "BillingRate",
        "Class",
        "Currency",
        "Customer",
        "CustomerMsg",
        "CustomerType",
        "DateDrivenTerms",
        "Employee",
        "InventorySite",
        "ItemDiscount",
        "ItemFixedAsset",
        "ItemGroup",
        "ItemInventory",
        "ItemInventoryAssembly",
        "ItemNonInventory",
        "ItemOtherCharge",
        "ItemPayment",
        "ItemSalesTax",
        "ItemSalesTaxGroup",
        "ItemService",
        "ItemSubtotal",
        "JobType",
        "OtherName",
        "PaymentMethod",
        "PayrollItemNonWage",
        "PayrollItemWage",
        "PriceLevel",
        "SalesRep",
        "SalesTaxCode",
        "ShipMethod",
        "StandardTerms",
        "ToDo",
        "UnitOfMeasureSet",
        "Vehicle",
        "Vendor",
        "VendorType",
        "WorkersCompCode",
    }
)
