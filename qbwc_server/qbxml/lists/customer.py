"""Customers and jobs (a job is a customer with a parent).

Source: qbXML SDK facts, "Records", CustomerRet.
"""

from typing import Final

from qbwc_server.qbxml.fields import (
    ADDRESSES,
    BOOL,
    CUSTOM,
    ENUM,
    ID,
    INT,
    MONEY,
    TIME,
    Field,
    address,
    ref,
    text,
)
from qbwc_server.qbxml.lists.base import ListType

FIELDS: Final = (
    Field("ListID", ("ListID",), ID, column="list_id"),
    Field("Name", ("Name",), text(41), column="name"),
    Field("FullName", ("FullName",), text(209), column="full_name", volatile=True),
    Field("Parent.ListID", ("ParentRef/ListID",), ID, column="parent_list_id"),
    Field("Sublevel", ("Sublevel",), INT, column="sublevel", volatile=True),
    Field("IsActive", ("IsActive",), BOOL, column="is_active"),
    Field("CompanyName", ("CompanyName",), text(41), column="company_name"),
    Field("Salutation", ("Salutation",), text(15), column="salutation"),
    Field("FirstName", ("FirstName",), text(25), column="first_name"),
    Field("MiddleName", ("MiddleName",), text(5), column="middle_name"),
    Field("LastName", ("LastName",), text(25), column="last_name"),
    Field("JobTitle", ("JobTitle",), text(41), column="job_title", since="12.0"),
    Field("Email", ("Email",), text(1023), column="email"),
    Field("Cc", ("Cc",), text(1023), column="cc", since="12.0"),
    Field("Phone", ("Phone",), text(21), column="phone"),
    Field("AltPhone", ("AltPhone",), text(21), column="alt_phone"),
    Field("Fax", ("Fax",), text(21), column="fax"),
    Field("Contact", ("Contact",), text(41), column="contact"),
    Field("AltContact", ("AltContact",), text(41), column="alt_contact"),
    *address("BillAddress", "bill_address"),
    *address("ShipAddress", "ship_address"),
    Field("ShipToAddresses", ("ShipToAddress",), ADDRESSES, column="ship_to_addresses", since="12.0"),
    ref("CustomerType", "customer_type"),
    ref("Class", "class", since="12.0"),
    ref("Terms", "terms"),
    ref("SalesRep", "sales_rep"),
    ref("PriceLevel", "price_level", since="4.0"),
    ref("Currency", "currency", since="8.0"),
    ref("SalesTaxCode", "sales_tax_code"),
    Field(
        "TaxRegistrationNumber",
        ("TaxRegistrationNumber",),
        text(30),
        column="tax_registration_number",
        since="8.0",
        absent_in=("US",),
    ),
    Field(
        "PreferredDeliveryMethod",
        ("PreferredDeliveryMethod",),
        ENUM,
        column="preferred_delivery_method",
        since="12.0",
    ),
    ref("PreferredPaymentMethod", "preferred_payment_method", since="3.0"),
    Field("JobStatus", ("JobStatus",), ENUM, column="job_status"),
    Field("Balance", ("Balance",), MONEY, private=True, column="balance", volatile=True),
    Field("TotalBalance", ("TotalBalance",), MONEY, private=True, column="total_balance", volatile=True),
    Field("Custom", ("DataExtRet",), CUSTOM, private=True, column="custom_fields", since="2.0"),
    Field("TimeCreated", ("TimeCreated",), TIME, column="time_created"),
    Field("TimeModified", ("TimeModified",), TIME, column="time_modified"),
    Field("EditSequence", ("EditSequence",), text(16), column="edit_sequence"),
    Field("CreditLimit", ("CreditLimit",), MONEY, private=True),
    Field("AccountNumber", ("AccountNumber",), text(99), private=True),
    Field("ResaleNumber", ("ResaleNumber",), text(21), private=True),
    Field("Notes", ("Notes",), text(4095), private=True),
)

CUSTOMER: Final = ListType(
    name="customer",
    query="CustomerQuery",
    template="customer_query.xml",
    rets=("CustomerRet",),
    fields=FIELDS,
    table="customers",
    deleted=("Customer",),
    shown=("BillAddress.City", "Phone", "Email"),
)
