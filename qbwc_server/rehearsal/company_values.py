"""Every element of a record, whatever the version that is asked for."""

from qbwc_server.rehearsal.company_records import Record, RecordList, Values
from qbwc_server.rehearsal.company_time import wall_clock
from qbwc_server.rehearsal.schema_items import WITHOUT_FULL_NAME


def record_values(records: RecordList, record: Record, offset_hours: int) -> Values:
    """The elements by name: text, truth values, nested mappings and lists of them.

    Args:
        records: the list that the record is in.
        offset_hours: the machine's standard time offset.
    """
    values: Values = {
        "ListID": record.list_id,
        "TimeCreated": wall_clock(record.created, offset_hours),
        "TimeModified": wall_clock(record.modified, offset_hours),
        "EditSequence": str(record.modified),
        "Name": record.name,
        "IsActive": record.is_active,
    }
    if record.ret not in WITHOUT_FULL_NAME:
        values["FullName"] = record.full_name
        values["Sublevel"] = str(record.sublevel)
        parent = None if record.parent_id is None else records.get(record.parent_id)
        if parent is not None:
            values["ParentRef"] = {"ListID": parent.list_id, "FullName": parent.full_name}
    values.update(record.elements())
    return values
