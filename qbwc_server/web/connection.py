"""How the Web Connectors are doing, and the .qwc file that sets one up."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from qbwc_server.qwcfile import write_qwc
from qbwc_server.store import company_files
from qbwc_server.web.shared import companies, company, need, shared, wording
from qbwc_server.web.states import cards

pages = Blueprint("connection", __name__)


@pages.get("/connection")
def show() -> str:
    """Show each company's connection."""
    return render_template(
        "connection.html", cards=cards(wording(), companies()), publishing=shared().refreshing.publishing()
    )


@pages.get("/connection/<company_name>/qwc")
def qwc(company_name: str) -> Response:
    """Hand out the .qwc file: the same one for ever, since another OwnerID or FileID would be another connection."""
    need("admin")
    owner = company(company_name)
    file = write_qwc(
        app_name=owner.title,
        public_url=shared().settings.public_url,
        description=owner.title,
        user_name=owner.user,
        owner_id=owner.owner_id,
        file_id=owner.file_id,
    )
    answer = Response(file, mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{company_name}.qwc")
    return answer


@pages.post("/connection/<company_name>/accept")
def accept(company_name: str) -> ResponseReturnValue:
    """Take the company file seen last for this company's own, on an administrator's word."""
    need("admin")
    company(company_name)
    try:
        with shared().database.write() as connection:
            company_files.accept(connection, company_name)
        said = "page.accepted"
    except company_files.ForeignFile:
        said = "page.foreign_file"
    except company_files.NothingToAccept:
        said = "page.nothing_to_accept"
    flash(wording().text(said))
    return redirect(url_for("connection.show"), 303)
