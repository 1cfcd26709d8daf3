"""CustomerRet, in wire order."""

from qbwc_server.rehearsal.schema import BASE, table

_CONTACT = table(
    """
ListID id
TimeCreated time
TimeModified time
EditSequence text
Contact text
Salutation text
FirstName text
MiddleName text
LastName text
JobTitle text
AdditionalContactRef* contactref
""",
    BASE,
)
_CARD = table(
    """
CreditCardNumber text
ExpirationMonth int
ExpirationYear int
NameOnCard text
CreditCardAddress text
CreditCardPostalCode text
""",
    BASE,
)
_NOTE = table("NoteID int\nDate date\nNote text", BASE)

CUSTOMER = table(
    """
ListID id
TimeCreated time
TimeModified time
EditSequence text
Name text
FullName text
IsActive bool
ClassRef ref 12.0
ParentRef ref
Sublevel int
CompanyName text
Salutation text
FirstName text
MiddleName text
LastName text
JobTitle text 12.0
BillAddress address
BillAddressBlock block 6.0
ShipAddress address
ShipAddressBlock block 6.0
ShipToAddress* shipto 12.0
Phone text
AltPhone text
Fax text
Email text
Cc text 12.0
Contact text
AltContact text
AdditionalContactRef* contactref 12.0
ContactsRet* contact 12.0
CustomerTypeRef ref
TermsRef ref
SalesRepRef ref
Balance amount
TotalBalance amount
SalesTaxCodeRef ref
ItemSalesTaxRef ref US
SalesTaxCountry enum 6.0 CA
ResaleNumber text
AccountNumber text
CreditLimit amount
PreferredPaymentMethodRef ref 3.0
CreditCardInfo card 3.0
JobStatus enum
JobStartDate date
JobProjectedEndDate date
JobEndDate date
JobDesc text
JobTypeRef ref
Notes text
AdditionalNotesRet* note 12.0
PreferredDeliveryMethod enum 12.0
PriceLevelRef ref 4.0
ExternalGUID guid 8.0
TaxRegistrationNumber text 8.0 CA
CurrencyRef ref 8.0
DataExtRet* dataext 2.0
""",
    {**BASE, "contact": _CONTACT, "card": _CARD, "note": _NOTE},
)
