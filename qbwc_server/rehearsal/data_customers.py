"""Sample customers, each made from its number alone, so that any count is the same every time and costs little.

In every six: a firm, a person, a job of the firm, a second firm, a job of that, and a job below that job.
"""

# ruff: noqa: RUF001 - the texts hold the apostrophes and dashes that QuickBooks keeps in Windows-1252

import random
from dataclasses import dataclass

from qbwc_server.rehearsal import data_words as words
from qbwc_server.rehearsal.company_records import Record, Values
from qbwc_server.rehearsal.data_common import created_at, list_id_of, modified_at, reference

_BLOCK = 6
_FIRM, _PERSON, _JOB, _SECOND_FIRM, _SECOND_JOB, _SUB_JOB = range(_BLOCK)
_PARENT = {_JOB: 2, _SECOND_JOB: 1, _SUB_JOB: 1}
_INACTIVE_EVERY = 11
_CARD_EVERY = 5
_SHIP_TO_EVERY = 7


@dataclass(frozen=True, slots=True)
class CustomerMaker:
    """Makes the customer of a number.

    Attributes:
        country: `US` or `CA`.
        seed: the same seed gives the same customers.
    """

    country: str
    seed: int

    def record(self, number: int) -> Record:
        """Customer `number`, from 0."""
        names = self._names(number)
        parent = self._parent(number)
        created = created_at(number)
        return Record(
            list_id=list_id_of(number, created),
            ret="Customer",
            name=names[-1],
            full_name=":".join(names),
            sublevel=len(names) - 1,
            parent_id=None if parent is None else list_id_of(parent, created_at(parent)),
            is_active=number % _INACTIVE_EVERY != _INACTIVE_EVERY - 1,
            created=created,
            modified=modified_at(number, created, self.seed),
            build=lambda: self._elements(number),
        )

    def _parent(self, number: int) -> int | None:
        distance = _PARENT.get(number % _BLOCK)
        return None if distance is None else number - distance

    def _names(self, number: int) -> list[str]:
        parent = self._parent(number)
        if parent is not None:
            job = words.JOBS[(number // _BLOCK + number + self.seed) % len(words.JOBS)]
            return [*self._names(parent), job]
        # Two numberings that never meet: the firms of both places in a block, and the persons.
        block, place = divmod(number, _BLOCK)
        if place == _PERSON:
            return [self._person(block)]
        return [self._firm(2 * block + (place == _SECOND_FIRM))]

    def _firm(self, count: int) -> str:
        surname, turn = self._surname(count)
        pattern = words.FIRMS[(count * 7 + turn) % len(words.FIRMS)]
        return pattern.format(surname) + _again(turn, len(words.FIRMS))

    def _person(self, count: int) -> str:
        surname, turn = self._surname(count)
        first = words.FIRST_NAMES[(count * 7 + turn) % len(words.FIRST_NAMES)]
        return f"{surname}, {first}{_again(turn, len(words.FIRST_NAMES))}"

    def _surname(self, count: int) -> tuple[str, int]:
        turn, place = divmod(count, len(words.SURNAMES))
        return words.SURNAMES[(place + self.seed) % len(words.SURNAMES)], turn

    def _elements(self, number: int) -> Values:
        chance = random.Random(self.seed * 1_000_003 + number)
        place = number % _BLOCK
        values = self._contact(number, chance)
        values.update(self._trade(number, chance))
        if place in _PARENT:
            values.update(_job(chance))
        if number % _CARD_EVERY == 0:
            values["CreditCardInfo"] = {
                "CreditCardNumber": "4111111111111111",
                "ExpirationMonth": "12",
                "ExpirationYear": "2031",
                "NameOnCard": "Card Holder",
                "CreditCardAddress": "1 Card Lane",
                "CreditCardPostalCode": "04101",
            }
        return values

    def _contact(self, number: int, chance: random.Random) -> Values:
        top = self._names(number)[0]
        surname, comma, first = top.partition(", ")
        values: Values = {"Phone": f"555-{chance.randrange(10**4):04d}", "Email": f"client{number}@mail.example"}
        if comma:
            values |= {"FirstName": first.rstrip(" 0123456789"), "LastName": surname, "Salutation": "M."}
        else:
            values |= {"CompanyName": top, "Contact": chance.choice(words.FIRST_NAMES), "Fax": "555-0199"}
            values |= {"JobTitle": chance.choice(("Owner", "Gérante", "Buyer")), "Cc": "books@mail.example"}
        address = self._address(chance, top)
        values["BillAddress"] = address
        town = f"{address['City']}, {address['State']} {address['PostalCode']}"
        values["BillAddressBlock"] = {"Addr1": address["Addr1"], "Addr2": address["Addr2"], "Addr3": town}
        if number % _SHIP_TO_EVERY == 0:
            values.update(self._ship_to(chance, top))
        if number % 4 == 0:
            values["AltPhone"] = f"555-{chance.randrange(10**4):04d}"
            values["AdditionalContactRef"] = [
                {"ContactName": "Main Phone", "ContactValue": values["Phone"]},
                {"ContactName": "Main Email", "ContactValue": values["Email"]},
            ]
        return values

    def _address(self, chance: random.Random, name: str) -> dict[str, str]:
        city, state, postal_code = chance.choice(words.TOWNS[self.country])
        return {
            "Addr1": name[:41],
            "Addr2": f"{chance.randrange(1, 900)} {chance.choice(words.STREETS)}",
            "City": city,
            "State": state,
            "PostalCode": postal_code,
            "Country": words.COUNTRIES[self.country],
        }

    def _ship_to(self, chance: random.Random, name: str) -> Values:
        yard, shop = self._address(chance, name), self._address(chance, name)
        return {
            "ShipAddress": yard,
            "ShipAddressBlock": {"Addr1": yard["Addr1"], "Addr2": yard["Addr2"]},
            "ShipToAddress": [
                {"Name": "Yard", **yard, "DefaultShipTo": True},
                {"Name": "Entrepôt", **shop, "DefaultShipTo": False},
            ],
        }

    def _trade(self, number: int, chance: random.Random) -> Values:
        balance = chance.choice(("0.00", "0.00", f"{chance.randrange(10**6) / 100:.2f}", "-45.10"))
        values: Values = {
            "CustomerTypeRef": reference("type", chance.randrange(4), words.CUSTOMER_TYPES),
            "TermsRef": reference("terms", chance.randrange(4), words.TERMS),
            "SalesRepRef": reference("rep", chance.randrange(3), words.SALES_REPS),
            "Balance": balance,
            "TotalBalance": balance,
            "AccountNumber": f"A-{1000 + number}",
            "JobStatus": "None",
            "PreferredPaymentMethodRef": reference("payment", chance.randrange(3), words.PAYMENTS),
            "PreferredDeliveryMethod": chance.choice(("None", "Email", "Fax")),
        }
        if number % 3 == 0:
            values["CreditLimit"] = f"{chance.randrange(1, 40) * 500:.2f}"
            values["PriceLevelRef"] = reference("level", chance.randrange(2), words.PRICE_LEVELS)
            values["DataExtRet"] = _custom(chance)
            values["Notes"] = "Prefers the morning.\nAsk at the side door; l’entrée est à gauche."
        if number % 8 == 0:
            values["AdditionalNotesRet"] = [{"NoteID": "0", "Date": "2024-02-29", "Note": "Called – no answer."}]
            values["ClassRef"] = reference("class", chance.randrange(3), words.CLASSES)
        values.update(self._tax(chance, number))
        return values

    def _tax(self, chance: random.Random, number: int) -> Values:
        if self.country == "US":
            return {
                "SalesTaxCodeRef": reference("taxcode", chance.randrange(2), ("Tax", "Non")),
                "ItemSalesTaxRef": reference("tax", 0, ("State sales tax",)),
                "ResaleNumber": f"R{10**6 + number}",
            }
        values: Values = {
            "SalesTaxCodeRef": reference("taxcode", chance.randrange(4), ("S", "TPS", "TVQ", "E")),
            "SalesTaxCountry": "Canada",
            "CurrencyRef": reference("currency", 0, ("Canadian Dollar",)),
        }
        if number % 2 == 0:
            values["TaxRegistrationNumber"] = f"{100_000_000 + number} RT0001"
        return values


def _job(chance: random.Random) -> Values:
    return {
        "JobStatus": chance.choice(("Awarded", "InProgress", "Closed", "Pending")),
        "JobStartDate": "2024-03-04",
        "JobDesc": "Fourniture et pose",
        "JobTypeRef": reference("jobtype", chance.randrange(2), ("Renovation", "New build")),
    }


def _custom(chance: random.Random) -> list[dict[str, str]]:
    return [
        {
            "OwnerID": "0",
            "DataExtName": "Colour",
            "DataExtType": "STR255TYPE",
            "DataExtValue": chance.choice(words.COLOURS),
        },
        {"OwnerID": "0", "DataExtName": "Web", "DataExtType": "STR255TYPE", "DataExtValue": "yes"},
        {
            "OwnerID": "{6B063959-81B0-4622-85D6-F548C8CCB517}",
            "DataExtName": "OtherProgram",
            "DataExtType": "STR255TYPE",
            "DataExtValue": "belongs to another application",
        },
    ]


def _again(turn: int, patterns: int) -> str:
    """A number behind a name whose every pattern has been used with its surname."""
    times = turn // patterns
    return f" {times + 1}" if times else ""
