"""Sample items: twenty-four written by hand, all twelve types among the first sixteen, then as many as are wanted."""

import random
from dataclasses import dataclass

from qbwc_server.rehearsal import data_words as words
from qbwc_server.rehearsal.company_records import Record, Values
from qbwc_server.rehearsal.data_common import created_at, list_id_of, modified_at, reference
from qbwc_server.rehearsal.data_special_items import SPECIAL, Special, expense, income, special_values
from qbwc_server.rehearsal.schema_items import WITHOUT_FULL_NAME

_INACTIVE_EVERY = 13
_HOURS_BEHIND = 5 * 3600
_TAIL_TYPES = ("ItemInventory", "ItemInventory", "ItemNonInventory", "ItemInventory", "ItemService")


@dataclass(frozen=True, slots=True)
class ItemMaker:
    """Makes the item of a number.

    The first item has the ListID of the first customer: ListIDs are unique within a list, not within a company.

    Attributes:
        country: `US` or `CA`; taxes, texts and codes differ.
        seed: the same seed gives the same items.
    """

    country: str
    seed: int

    def list_id(self, number: int) -> str:
        """The ListID of item `number`, from 0."""
        return list_id_of(number, self._created(number))

    def record(self, number: int) -> Record:
        """Item `number`, from 0."""
        special = SPECIAL[number] if number < len(SPECIAL) else None
        ret = special.ret if special else _TAIL_TYPES[number % len(_TAIL_TYPES)]
        parent = special.parent if special else self._tail_parent(number)
        names = self._names(number)
        return Record(
            list_id=self.list_id(number),
            ret=ret,
            name=names[-1],
            full_name=":".join(names),
            sublevel=len(names) - 1,
            parent_id=None if parent is None else self.list_id(parent),
            is_active=number % _INACTIVE_EVERY != _INACTIVE_EVERY - 1,
            created=self._created(number),
            modified=modified_at(number, self._created(number), self.seed + 1),
            build=lambda: self._elements(number, ret, special),
        )

    def full_name(self, number: int) -> str:
        """The full name, or the name of one of the types that have no full name."""
        return ":".join(self._names(number))

    def _created(self, number: int) -> int:
        return created_at(number) + (_HOURS_BEHIND if number else 0)

    def _names(self, number: int) -> list[str]:
        if number >= len(SPECIAL):
            above, own = self._tail_parent(number), self._tail_name(number)
        else:
            special = SPECIAL[number]
            above, own = special.parent, special.name_in(self.country)
        return [own] if above is None else [*self._names(above), own]

    def _tail_parent(self, number: int) -> int | None:
        """Every third of the long tail of stock sits below the first category, if it is stock itself."""
        is_stock = _TAIL_TYPES[number % len(_TAIL_TYPES)] == "ItemInventory"
        return 0 if is_stock and number % 3 == 0 else None

    def _tail_name(self, number: int) -> str:
        count = number - len(SPECIAL)
        turn, place = divmod(count, len(words.THINGS))
        name, _ = words.THINGS[(place + self.seed) % len(words.THINGS)]
        times, size = divmod(turn, len(words.SIZES))
        return f"{name} {words.SIZES[size]}" + (f" {times + 1}" if times else "")

    def _elements(self, number: int, ret: str, special: Special | None) -> Values:
        if special is not None:
            values = special_values(special, self.country, self.list_id, self.full_name)
        else:
            values = self._tail_elements(number, ret)
        if ret not in WITHOUT_FULL_NAME and ret != "ItemDiscount" and "SalesTaxCodeRef" not in values:
            values.update(self._tax(number))
        if number % 6 == 1:
            values["BarCodeValue"] = f"06{10**8 + number}"
        return values

    def _tax(self, number: int) -> Values:
        if self.country == "US":
            return {"SalesTaxCodeRef": reference("taxcode", number % 2, ("Tax", "Non"))}
        code = reference("taxcode", number % 4, ("S", "TPS", "TVQ", "E"))
        return {"IsTaxIncluded": number % 5 == 0, "SalesTaxCodeRef": code}

    def _tail_elements(self, number: int, ret: str) -> Values:
        chance = random.Random(self.seed * 2_000_003 + number)
        count = (number - len(SPECIAL)) % len(words.THINGS)
        text = words.THINGS[(count + self.seed) % len(words.THINGS)][1]
        price = f"{chance.randrange(50, 20_000) / 100:.2f}"
        cost = f"{chance.randrange(20, 9_000) / 1000:.3f}"
        if ret == "ItemService":
            return {"SalesOrPurchase": {"Desc": text, "Price": price, "AccountRef": income()}}
        if ret == "ItemNonInventory":
            both = {"SalesDesc": text, "SalesPrice": price, "IncomeAccountRef": income()}
            both |= {"PurchaseDesc": f"{text} (ctn)", "PurchaseCost": cost, "ExpenseAccountRef": expense()}
            return {"ManufacturerPartNumber": f"NS-{number:05d}", "SalesAndPurchase": both}
        values = _stock(number, chance, text, price)
        values |= {"PurchaseCost": cost, "AverageCost": cost}
        if number % 4 == 0:
            colour = chance.choice(words.COLOURS)
            values["DataExtRet"] = [
                {"OwnerID": "0", "DataExtName": "Colour", "DataExtType": "STR255TYPE", "DataExtValue": colour}
            ]
        return values


def _stock(number: int, chance: random.Random, text: str, price: str) -> Values:
    values: Values = {
        "ManufacturerPartNumber": f"HW-{number:05d}",
        "SalesDesc": text,
        "SalesPrice": price,
        "IncomeAccountRef": income(),
        "PurchaseDesc": f"{text} (ctn)",
        "COGSAccountRef": reference("cogs", 0, ("Cost of Goods Sold",)),
        "PrefVendorRef": reference("vendor", chance.randrange(2), ("Northern Supply", "Distribution Lévis")),
        "AssetAccountRef": reference("asset", 0, ("Inventory Asset",)),
        "ReorderPoint": str(chance.randrange(5, 50)),
        "QuantityOnHand": chance.choice((str(chance.randrange(400)), "-3", "12.5", "0")),
        "QuantityOnOrder": str(chance.randrange(20)),
        "QuantityOnSalesOrder": str(chance.randrange(10)),
    }
    if number % 5 == 0:
        values["Max"] = str(chance.randrange(50, 500))
    if number % 7 == 0:
        values["ClassRef"] = reference("class", chance.randrange(3), words.CLASSES)
        values["UnitOfMeasureSetRef"] = reference("uom", 0, ("Count in each",))
    return values
