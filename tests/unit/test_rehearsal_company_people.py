"""What people and backups do to the simulated company's lists, and how QuickBooks tells of it."""

import random
from collections import Counter

import pytest

from qbwc_server.rehearsal.company import EditKind, SimulatedCompany, WrongSampleDataError, sample_company

NOW = 1_790_000_000


@pytest.fixture
def company() -> SimulatedCompany:
    made = sample_company(customers=24, items=40)
    made.clock = lambda: NOW
    return made


def told(company: SimulatedCompany) -> set[str]:
    return {gone.list_id for gone in company.deleted()}


def list_ids(company: SimulatedCompany, list_name: str = "customer") -> list[str]:
    return [record.list_id for record in company.lists[list_name]]


def test_a_revived_record_is_as_it_was_and_no_longer_told_as_deleted(company: SimulatedCompany) -> None:
    before = company.customers()[1]
    company.delete("customer", before["ListID"])
    assert before["ListID"] in told(company)
    company.revive("customer", before["ListID"])
    assert company.view("customer", before["ListID"]) == before
    assert before["ListID"] not in told(company)
    assert company.find("customer", before["FullName"]) == before["ListID"]


def test_a_revived_child_comes_back_under_the_present_name_of_its_parent(company: SimulatedCompany) -> None:
    parent, job, below = company.customers()[3:6]
    company.delete("customer", below["ListID"])
    company.rename("customer", parent["ListID"], "Nouveau nom")
    company.revive("customer", below["ListID"])
    view = company.view("customer", below["ListID"])
    assert view["FullName"] == f"Nouveau nom:{job['Name']}:{below['Name']}"
    assert view["EditSequence"] == below["EditSequence"]


def test_what_cannot_come_back_is_said(company: SimulatedCompany) -> None:
    parent, job, below = company.customers()[3:6]
    with pytest.raises(WrongSampleDataError, match="did not delete"):
        company.revive("customer", parent["ListID"])
    company.delete("customer", below["ListID"])
    company.add("customer", "Customer", Name=below["Name"], ParentRef=job["ListID"])
    with pytest.raises(WrongSampleDataError, match="already"):
        company.revive("customer", below["ListID"])


@pytest.mark.parametrize("reported", [True, False])
def test_a_merged_record_vanishes_and_its_children_move_without_their_times(
    company: SimulatedCompany, reported: bool
) -> None:
    survivor, _, loser, job, below = (company.customers()[place] for place in (0, 1, 3, 4, 5))
    company.merge("customer", loser["ListID"], survivor["ListID"], reported=reported)
    assert loser["ListID"] not in list_ids(company)
    assert (loser["ListID"] in told(company)) is reported
    assert company.view("customer", survivor["ListID"]) == survivor
    moved, deeper = company.view("customer", job["ListID"]), company.view("customer", below["ListID"])
    assert moved["FullName"] == f"{survivor['FullName']}:{job['Name']}"
    assert moved["ParentRef"]["ListID"] == survivor["ListID"]
    assert deeper["FullName"] == f"{moved['FullName']}:{below['Name']}"
    assert [one["EditSequence"] for one in (moved, deeper)] == [one["EditSequence"] for one in (job, below)]


def test_a_merge_moves_levels_too(company: SimulatedCompany) -> None:
    job, loser, child = (company.customers()[place] for place in (2, 3, 4))
    company.merge("customer", loser["ListID"], job["ListID"])
    assert company.view("customer", child["ListID"])["Sublevel"] == "2"
    assert company.customers()[4]["Sublevel"] == "3"


def test_what_quickbooks_would_not_merge_is_refused_and_nothing_moves(company: SimulatedCompany) -> None:
    before = company.customers()
    top, child = before[3]["ListID"], before[5]["ListID"]
    other = company.add("customer", "Customer", Name="Autre")
    company.add("customer", "Customer", Name=before[4]["Name"], ParentRef=other)
    for loser, survivor in ((top, top), (top, child), (top, other)):
        with pytest.raises(WrongSampleDataError):
            company.merge("customer", loser, survivor)
    assert company.customers()[:24] == before
    service, stock = (
        next(one for one in company.items() if one["Type"] == ret) for ret in ("ItemService", "ItemGroup")
    )
    with pytest.raises(WrongSampleDataError, match="merge"):
        company.merge("item", service["ListID"], stock["ListID"])


@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_random_edits_are_the_same_for_the_same_numbers(list_name: str) -> None:
    made = []
    for seed in (7, 7, 8):
        company = sample_company(customers=60, items=60)
        company.clock = lambda: NOW
        made.append((company.edit_at_random(random.Random(seed), list_name, 300), company.customers(), company.items()))
    assert made[0] == made[1]
    assert made[0][0] != made[2][0]


@pytest.mark.parametrize("list_name", ["customer", "item"])
def test_random_edits_are_of_all_kinds_and_leave_the_list_whole(list_name: str) -> None:
    company = sample_company(customers=60, items=60)
    company.clock = lambda: NOW
    records = company.lists[list_name]
    assert len(records.modified_between(None, None)) == 60
    counted: Counter[EditKind] = Counter()
    rng = random.Random(1)
    for _ in range(1000):
        above = {record.list_id for record in records if records.children(record.list_id)}
        (edit,) = company.edit_at_random(rng, list_name, 1)
        counted[edit.kind] += 1
        assert edit.kind is not EditKind.DELETE or edit.list_id not in above
        assert (edit.list_id in list_ids(company, list_name)) is (edit.kind not in {EditKind.DELETE, EditKind.MERGE})
    assert min(counted[kind] for kind in EditKind) > 30
    for record in records:
        assert records.named(record.full_name) is record
        if record.parent_id is not None:
            parent = records.one(record.parent_id)
            assert record.full_name == f"{parent.full_name}:{record.name}"
            assert record.sublevel == parent.sublevel + 1 <= 4
            assert record in records.children(parent.list_id)
        assert len(record.full_name) <= 159
    assert records.modified_between(None, None) == list(records)
    assert records.modified_between(NOW, None) == [record for record in records if record.modified >= NOW]


def test_a_clock_set_wrong_shows_in_every_time_and_set_right_goes_back(company: SimulatedCompany) -> None:
    list_id, other = list_ids(company)[:2]
    company.clock_error = 86_400
    company.change("customer", list_id, Phone="1")
    assert company.view("customer", list_id)["EditSequence"] == str(NOW + 86_400)
    company.delete("customer", other)
    assert company.deleted()[3].deleted == NOW + 86_400
    assert company.add("customer", "Customer", Name="Tomorrow").endswith(f"-{NOW + 86_400}")
    company.clock_error = 0
    company.change("customer", list_id, Phone="2")
    assert company.view("customer", list_id)["EditSequence"] == str(NOW)


def test_several_changes_in_one_second_differ_in_edit_sequence(company: SimulatedCompany) -> None:
    list_id = list_ids(company)[0]
    seen = set()
    for number in range(5):
        company.change("customer", list_id, Phone=str(number))
        seen.add(company.view("customer", list_id)["EditSequence"])
    assert seen == {str(NOW + number) for number in range(5)}
