"""What a simulated company says of itself: the values of HostRet, CompanyRet and PreferencesRet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qbwc_server.rehearsal.company_records import Values

_ADDRESS = {
    "US": {"Addr1": "12 Harbor Street", "City": "Portland", "State": "ME", "PostalCode": "04101", "Country": "US"},
    "CA": {
        "Addr1": "48, rue du Marché",
        "City": "Trois-Rivières",
        "State": "QC",
        "PostalCode": "G9A 1A1",
        "Country": "Canada",
    },
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What the company says of itself; the attributes are those of `SimulatedCompany`."""

    title: str
    country: str
    product: str
    major: int
    minor: int
    supported: Sequence[str]
    offset_hours: int
    file_mode: str
    file_ids: Mapping[str, str]


def host_values(company: Identity) -> Values:
    """HostRet."""
    return {
        "ProductName": company.product,
        "MajorVersion": str(company.major),
        "MinorVersion": str(company.minor),
        "Country": company.country,
        "SupportedQBXMLVersion": list(company.supported),
        "IsAutomaticLogin": False,
        "QBFileMode": company.file_mode,
    }


def company_values(company: Identity, owners: frozenset[str]) -> Values:
    """CompanyRet, with the private data of these owners (upper case)."""
    address = _ADDRESS["CA" if company.country == "CA" else "US"]
    town = f"{address['City']}, {address['State']} {address['PostalCode']}"
    return {
        "IsSampleCompany": False,
        "CompanyName": company.title,
        "LegalCompanyName": f"{company.title} Inc.",
        "Address": dict(address),
        "AddressBlock": {"Addr1": address["Addr1"], "Addr2": town},
        "LegalAddress": dict(address),
        "Phone": "555-0100",
        "Email": "office@hardware.example",
        "FirstMonthFiscalYear": "January",
        "FirstMonthIncomeTaxYear": "January",
        "CompanyType": "RetailShoporOnlineCommerce",
        "EIN": "00-0000000",
        "DataExtRet": [
            {"OwnerID": owner_id, "DataExtName": name, "DataExtType": "STR255TYPE", "DataExtValue": text}
            for owner_id, file_id in company.file_ids.items()
            if owner_id.upper() in owners
            for name, text in (("AppLock", "LOCKED:REHEARSAL:1"), ("FileID", file_id))
        ],
    }


def preferences_values(company: Identity) -> Values:
    """PreferencesRet; multi-currency is off, and the application may not see personal data."""
    return {
        "AccountingPreferences": {
            "IsUsingAccountNumbers": False,
            "IsRequiringAccounts": True,
            "IsUsingClassTracking": company.country == "US",
            "IsUsingAuditTrail": True,
            "IsAssigningJournalEntryNumbers": True,
        },
        "MultiCurrencyPreferences": {"IsMultiCurrencyOn": company.country == "CA"},
        "PurchasesAndVendorsPreferences": {
            "IsUsingInventory": True,
            "DaysBillsAreDue": "10",
            "IsAutomaticallyUsingDiscounts": False,
        },
        "CurrentAppAccessRights": {"IsAutomaticLoginAllowed": True, "IsPersonalDataAccessAllowed": False},
    }
