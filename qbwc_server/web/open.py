"""`/open`: leads links from elsewhere, such as the site's own admin pages, to a record's page. It only looks."""

from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.qbxml.lists import LISTS, ListType
from qbwc_server.refreshing import CompanyView, UnknownRecord, fault_of
from qbwc_server.web.rights import why_not
from qbwc_server.web.shared import companies, shared, signed_in, wording

pages = Blueprint("open", __name__)
_EXAMPLE: Final = "list=item&list_id=80000001-1234567890"


class Refusal(Exception):
    """A link that leads to no page.

    Args:
        status: the HTTP status that says so.
        message: what is wrong with it, for people.
        choices: the companies to choose from, where none was named.
    """

    def __init__(self, status: int, message: str, choices: tuple[CompanyView, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.choices = choices


@pages.get("/open")
def show() -> ResponseReturnValue:
    """Go to the page of the record that the link names."""
    try:
        kind = _kind(request.args.get("list", ""))
        list_id = _list_id(kind, request.args.get("list_id", ""))
        owner = _company(request.args.get("company", ""))
    except Refusal as refusal:
        example = f"{shared().settings.public_url.rstrip('/')}/open?{_EXAMPLE}"
        page = render_template("open.html", refusal=refusal, arguments=request.args.to_dict(), example=example)
        return make_response(page, refusal.status)
    if not _is_known(kind, owner, list_id):
        page = render_template(
            "open_unknown.html",
            kind=kind,
            owner=owner,
            list_id=list_id,
            cannot=None if signed_in().may("operator") else why_not(),
        )
        return make_response(page, 404)
    return redirect(url_for("record.show", listing=kind.table, company_name=owner.company, list_id=list_id), 303)


def _kind(name: str) -> ListType:
    found = next((each for each in LISTS if each.name == name), None)
    if found is None:
        names = ", ".join(f"list={each.name}" for each in LISTS)
        raise Refusal(400, wording().text("open.no_list", lists=names))
    return found


def _list_id(kind: ListType, list_id: str) -> str:
    if not list_id:
        raise Refusal(400, wording().text("open.no_list_id"))
    fault = fault_of(kind.name, "list_id", list_id)
    if fault is not None:
        raise Refusal(400, wording().text(fault.key, **fault.values))
    return list_id


def _company(name: str) -> CompanyView:
    there = companies()
    if not name and len(there) == 1:
        return there[0]
    if not name:
        raise Refusal(400, wording().text("open.no_company" if there else "open.no_company_yet"), there)
    found = next((each for each in there if each.company == name), None)
    if found is None:
        raise Refusal(404, wording().text("open.unknown_company", company=name))
    return found


def _is_known(kind: ListType, owner: CompanyView, list_id: str) -> bool:
    """Tell whether the record has a page: it was seen, or somebody has asked for it."""
    refreshing = shared().refreshing
    try:
        refreshing.record(owner.company, kind.name, list_id)
    except UnknownRecord:
        return bool(refreshing.list(company=owner.company, list_name=kind.name, list_id=list_id, limit=1))
    return True
