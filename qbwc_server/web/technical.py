"""The technical details of one record, on a page of their own, so that looking at them can be noted."""

import json
from typing import Final

from flask import Blueprint, render_template

from qbwc_server.web.shared import LISTING_PART, company, listed, need, note, shared

pages = Blueprint("technical", __name__)
_TIMES: Final = ("TimeCreated", "TimeModified")


@pages.get(f"/{LISTING_PART}/<company_name>/<list_id>/technical")
def show(listing: str, company_name: str, list_id: str) -> str:
    """Show a record's identification and its fields as they are kept."""
    need("admin")
    kind, owner = listed(listing), company(company_name)
    record = shared().refreshing.record(owner.company, kind.name, list_id)
    with shared().database.write() as connection:
        note(connection, "saw_technical", company=owner.company, subject=list_id, detail={"list": kind.name})
    marks = {
        "ListID": record.list_id,
        "EditSequence": record.edit_sequence,
        **{name: record.values.get(name) for name in _TIMES},
        "seq": record.seq,
        "observed_at": record.observed_at.isoformat(),
        "published_at": None if record.published_at is None else record.published_at.isoformat(),
    }
    fields = {name: json.dumps(value, ensure_ascii=False) for name, value in sorted(record.values.items())}
    return render_template("technical.html", kind=kind, record=record, marks=marks, fields=fields)
