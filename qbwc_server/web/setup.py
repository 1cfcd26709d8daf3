"""The set-up: five steps from the address to the first call, to be taken up again at any time.

Theory of operation
-------------------
No progress is kept: what is done shows in what there is (a company, its password, a call that came), so leaving and
coming back, or doing a step by command, is the same. Every step can be opened whatever the others are. Only that the
address was in order is remembered, with the session.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import segno
from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.checking import public_address
from qbwc_server.refreshing import CompanyView
from qbwc_server.store import companies, connector_passwords, setup_links
from qbwc_server.web.checkup import Checked, alone, checked, refused
from qbwc_server.web.first_call import FirstCall, first_call
from qbwc_server.web.pace import polled
from qbwc_server.web.proxy_lines import caddy_lines
from qbwc_server.web.shared import companies as all_companies
from qbwc_server.web.shared import company, need, note, now, shared, wording

pages = Blueprint("setup", __name__)
_LONGEST_SHORT: Final = 40
_GOOD_ADDRESS: Final = "good_address"
_STEPS: Final = ("address", "company", "password", "pc", "wait")
_UNPROCESSABLE: Final = 422
_FAULTS: Final[dict[type[companies.CompanyError], tuple[str, str]]] = {
    companies.BadCompanyName: ("short", "setup.company.bad_short"),
    companies.BadTitle: ("name", "setup.company.bad_name"),
    companies.BadCompanyFile: ("file", "setup.company.bad_file"),
    companies.CompanyExists: ("short", "setup.company.taken"),
}


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step in the list of steps.

    Attributes:
        key: The step.
        address: Where it is; None while there is no company to do it for.
        done: Whether it is done.
        here: Whether it is the one shown.
    """

    key: str
    address: str | None
    done: bool
    here: bool


@pages.get("/setup")
def show() -> ResponseReturnValue:
    """Show which companies there are and how far each is; without one, begin."""
    need("admin")
    if not all_companies():
        return redirect(url_for("setup.address"), 303)
    calls = [(each, _call(each), _next(each)) for each in all_companies()]
    return render_template("setup.html", calls=calls)


@pages.get("/setup/address")
def address() -> str:
    """Show the address that the Web Connector calls."""
    need("admin")
    return _address_page(())


@pages.post("/setup/address")
def check_address() -> ResponseReturnValue:
    """Call the address as the Web Connector does, and show what was found; it takes seconds."""
    need("admin")
    settings = shared().settings
    found = alone(lambda: public_address(settings))
    if not found:
        return refused("setup.address")
    # Whoever comes back sees that it was in order; another address is to be checked anew.
    session[_GOOD_ADDRESS] = settings.public_url if all(one.ok for one in found) else None
    return _address_page(checked(found))


@pages.get("/setup/company")
def add_form() -> str:
    """Ask for the company's name."""
    need("admin")
    return render_template("setup_company.html", steps=_steps("company", None), given={}, faults={})


@pages.post("/setup/company")
def add() -> ResponseReturnValue:
    """Make a company; its password is made in the next step, where it can be shown."""
    need("admin")
    given = {name: request.form.get(name, "").strip() for name in ("name", "short", "file")}
    short = given["short"] or _short_name(given["name"])
    try:
        with shared().database.write() as connection:
            at = shared().database.now(connection)
            companies.check_details(given["name"], None, None)
            companies.add(
                connection,
                short,
                title=given["name"],
                user_name=None,
                company_file=given["file"] or None,
                now=at,
                with_password=False,
            )
            note(connection, "company_added", company=short)
    except companies.CompanyError as problem:
        field, key = _FAULTS.get(type(problem), ("name", "setup.company.bad_name"))
        faults = {field: wording().text(key)}
        page = render_template("setup_company.html", steps=_steps("company", None), given=given, faults=faults)
        return page, _UNPROCESSABLE
    flash(wording().text("setup.company.added", company=given["name"]))
    return redirect(url_for("setup.password", company_name=short), 303)


@pages.get("/setup/companies/<company_name>")
def resume(company_name: str) -> ResponseReturnValue:
    """Go to the first step that is not done yet."""
    need("admin")
    owner = company(company_name)
    return redirect(url_for(f"setup.{_next(owner)}", company_name=company_name), 303)


@pages.get("/setup/companies/<company_name>/password")
def password(company_name: str) -> str:
    """Offer to make the Web Connector password."""
    need("admin")
    return _password_page(company(company_name), None)


@pages.post("/setup/companies/<company_name>/password")
def make_password(company_name: str) -> str:
    """Make the password, or another one, and show it this once."""
    need("admin")
    owner = company(company_name)
    with shared().database.write() as connection:
        at = shared().database.now(connection)
        made = connector_passwords.renew(connection, company_name, at)
        note(connection, "connector_password_made", company=company_name)
    return _password_page(owner, made)


@pages.get("/setup/companies/<company_name>/pc")
def pc(company_name: str) -> str:
    """Show what to do on the QuickBooks PC."""
    need("admin")
    return _pc_page(company(company_name), None, None)


@pages.post("/setup/companies/<company_name>/link")
def make_link(company_name: str) -> str:
    """Make a link for somebody else at that PC and show it this once."""
    user, owner = need("admin"), company(company_name)
    with shared().database.write() as connection:
        # By the clock that calls are noted by, so that what came before the link is told from what came after.
        at = now()
        secret, link = setup_links.make(connection, company_name, user.name, at)
        note(connection, "setup_link_made", company=company_name)
    address = shared().settings.public_url.rstrip("/") + _below_root(url_for("at_pc.show", secret=secret))
    return _pc_page(owner, address, wording().moment(link.expires_at))


@pages.post("/setup/companies/<company_name>/links/end")
def end_links(company_name: str) -> ResponseReturnValue:
    """End every link that was made for a company."""
    need("admin")
    company(company_name)
    with shared().database.write() as connection:
        ended = setup_links.end(connection, company_name)
        note(connection, "setup_links_ended", company=company_name)
    flash(wording().plural("setup.pc.links_ended", ended))
    return redirect(url_for("setup.pc", company_name=company_name), 303)


@pages.get("/setup/companies/<company_name>/wait")
def wait(company_name: str) -> str:
    """Follow what arrives until the first answer of QuickBooks."""
    need("admin")
    owner = company(company_name)
    return render_template("setup_wait.html", steps=_steps("wait", owner), company=owner, call=_call(owner), n=0)


@pages.get("/setup/companies/<company_name>/heard")
def heard(company_name: str) -> ResponseReturnValue:
    """Answer the page's poll: how far it is; only the poll goes on where that is what the page shows."""
    need("admin")
    owner = company(company_name)
    call = _call(owner)
    answer = make_response(render_template("_first_call.html", company=owner, call=call, n=polled()))
    if request.args.get("seen") == call.seen:
        answer.headers["HX-Reswap"] = "none"
    return answer


def _address_page(found: Sequence[Checked]) -> str:
    seen = request.host_url.rstrip("/") + request.script_root
    settings = shared().settings
    other = seen if seen != settings.public_url.rstrip("/") else None
    return render_template(
        "setup_address.html",
        steps=_steps("address", None),
        url=settings.public_url,
        prefix=settings.path_prefix.rstrip("/"),
        lines=caddy_lines(settings.public_url, settings.port),
        other=other,
        found=found,
    )


def _password_page(owner: CompanyView, made: str | None) -> str:
    before = owner.password_changed_at if made is None and _has_password(owner) else None
    steps = _steps("password", owner)
    return render_template("setup_password.html", steps=steps, company=owner, made=made, before=before)


def _has_password(owner: CompanyView) -> bool:
    with shared().database.read() as connection:
        return companies.has_password(connection, owner.company)


def _pc_page(owner: CompanyView, link: str | None, until: str | None) -> str:
    # Dark on light whatever the page's colours, with the margin that readers need.
    code = segno.make(link, error="m").svg_data_uri(scale=5, dark="#000", light="#fff") if link else None
    with shared().database.read() as connection:
        links = setup_links.count(connection, owner.company, now())
    return render_template(
        "setup_pc.html",
        steps=_steps("pc", owner),
        company=owner,
        link=link,
        until=until,
        code=code,
        links=links,
        local=not shared().settings.public_is_https,
        has_password=_has_password(owner),
    )


def _call(owner: CompanyView) -> FirstCall:
    asked = bool(shared().refreshing.list(company=owner.company, state="waiting", limit=1))
    return first_call(wording(), owner, asked=asked)


def _done(owner: CompanyView | None) -> frozenset[str]:
    """Return the steps that are done; what somebody called through works."""
    found = {"address"} if session.get(_GOOD_ADDRESS) == shared().settings.public_url else set()
    if owner is None:
        return frozenset(found)
    found.add("company")
    stage = _call(owner).stage
    if _has_password(owner):
        found.add("password")
    if stage in ("signed_in", "connected", "trouble"):
        found |= {"address", "pc"}
    if stage == "connected":
        found.add("wait")
    return frozenset(found)


def _next(owner: CompanyView) -> str:
    """Return the step to go on with; the address is the installation's, so it does not hold up a company."""
    done = _done(owner)
    return next((step for step in ("password", "pc", "wait") if step not in done), "wait")


def _steps(here: str, owner: CompanyView | None) -> tuple[StepLink, ...]:
    done = _done(owner)
    return tuple(StepLink(step, _address_of(step, owner), step in done, step == here) for step in _STEPS)


def _address_of(step: str, owner: CompanyView | None) -> str | None:
    if step == "address":
        return url_for("setup.address")
    if step == "company":
        return url_for("setup.add_form") if owner is None else None
    return None if owner is None else url_for(f"setup.{step}", company_name=owner.company)


def _below_root(path: str) -> str:
    return path.removeprefix(request.script_root)


def _short_name(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SHORT].strip("-") or "company"
