"""What the description of an answer tells about the columns."""

from qbwc_server.publish.room import Room, rooms


def test_postgresql_tells_the_length_of_texts_and_the_digits_of_numbers() -> None:
    description = [
        ("company", 1043, 40, None, None, None, None),
        ("notes", 25, None, None, None, None, None),
        ("price", 1700, None, None, 18, 5, None),
        ("free", 1700, None, None, None, None, None),
        ("sublevel", 23, None, 4, None, None, None),
    ]
    assert rooms(description, "postgresql") == {
        "company": Room(length=40),
        "notes": Room(),
        "price": Room(digits=18, scale=5),
        "free": Room(),
    }


def test_mysql_tells_lengths_in_bytes_and_counts_sign_and_point() -> None:
    description = [
        ("company", 253, None, 160, 160, 0, True),
        ("notes", 252, None, 262_140, 262_140, 0, True),
        ("price", 246, None, 20, 20, 5, True),
        ("whole", 246, None, 11, 11, 0, True),
        ("sublevel", 3, None, 11, 11, 0, True),
    ]
    assert rooms(description, "mysql") == {
        "company": Room(length=40),
        "notes": Room(),
        "price": Room(digits=18, scale=5),
        "whole": Room(digits=10, scale=0),
    }


def test_sqlite_and_an_answer_without_a_description_tell_nothing() -> None:
    assert rooms([("name", None, None, None, None, None, None)], "sqlite") == {}
    assert rooms(None, "postgresql") == {}
