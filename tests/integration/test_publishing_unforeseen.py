"""A record over which publishing breaks off in a way nobody foresaw keeps back only itself."""

from office import Books, Office

from qbwc_server.store import claims, outbox, tables


def test_the_others_are_published_and_the_one_is_tried_again_with_the_reason_told(office: Office, books: Books) -> None:
    ids = books.list_ids("customer", 4)
    asked = office.ask(books, "customer", "list_id", *ids)
    visit = office.visit(books)
    visit.receive(visit.answer(visit.send())[0])
    visit.close()
    mine = tables.records.c.list_id == ids[1]
    with office.database.write() as connection:
        kept = connection.execute(tables.records.select().where(mine)).one()
        connection.execute(tables.records.update().where(mine).values({"values": ["spoilt"]}))
    office.publish()
    stored = office.rows(tables.refreshes, tables.refreshes.c.id.in_([one.id for one in asked]))
    states = {row["list_id"]: row["state"] for row in stored}
    assert [states[one] for one in ids] == ["published", "answered", "published", "published"]
    with office.database.read() as connection:
        lag = outbox.lag(connection)
    assert (lag.waiting, lag.set_aside) == (1, 0)
    assert "AttributeError" in str(lag.last_error)
    assert "spoilt" not in str(lag.last_error)

    with office.database.write() as connection:
        whole = kept._mapping[tables.records.c["values"]]
        connection.execute(tables.records.update().where(mine).values({"values": whole}))
        claims.hurry(connection, office.database.now(connection))
    office.publish()
    assert office.states(asked) == ["published"] * 4
