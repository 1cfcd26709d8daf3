"""The sample company: a small hardware business with customers and items in English and French."""

from qbwc_server.rehearsal.company_file import SimulatedCompany
from qbwc_server.rehearsal.company_records import Deleted
from qbwc_server.rehearsal.data_customers import CustomerMaker
from qbwc_server.rehearsal.data_items import ItemMaker

_GONE = {
    "customer": ("Customer", ("Fermé Inc.", "Moved Away", "Moved Away:Shed")),
    "item": ("ItemInventory", ("Old stock", "Ancien modèle", "Hand tools:Broken")),
}
_MADE_AT = 1_500_000_000
_DELETED_AT = 1_780_315_200  # 1 June 2026, 12:00 UTC
_TITLES = {"US": "Sample Hardware", "CA": "Quincaillerie Exemple"}
_PATHS = {"US": r"C:\Books\Sample Hardware.qbw", "CA": r"C:\Livres\Quincaillerie Exemple.qbw"}


def sample_company(country: str = "US", customers: int = 60, items: int = 80, seed: int = 1) -> SimulatedCompany:
    """Make a sample company.

    The same arguments give the same company; a larger one begins with the records of a smaller one. Three customers
    and three items were deleted before; ListDeletedQuery knows them.

    Args:
        country: `US`, or `CA` with TPS and TVQ.
        customers: how many there are, inactive ones and jobs included.
        items: how many; the first sixteen have all twelve types.
        seed: another one gives other people and other things.
    """
    company = SimulatedCompany(
        _TITLES[country],
        path=_PATHS[country],
        country=country,
        product="QuickBooks Pro 2014" if country == "US" else "QuickBooks Premier 2014",
    )
    for list_name, maker, count in (
        ("customer", CustomerMaker(country, seed), customers),
        ("item", ItemMaker(country, seed), items),
    ):
        records = company.lists[list_name]
        for number in range(count):
            records.insert(maker.record(number))
        records.deleted.extend(_gone(list_name))
    return company


def _gone(list_name: str) -> list[Deleted]:
    kind, names = _GONE[list_name]
    return [
        Deleted(kind, f"80F0000{number}-{_MADE_AT + number}", name, _MADE_AT + number, _DELETED_AT + number * 3600)
        for number, name in enumerate(names, 1)
    ]
