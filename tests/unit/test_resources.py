import pytest

from qbwc_server.resources import ResourceMissing, resource_bytes, resource_names


def test_a_data_file_is_found_beside_the_package() -> None:
    assert b"<QBWCXML>" in resource_bytes("qwc", "qbwc.qwc")


def test_the_names_of_a_data_folder_are_listed_in_order() -> None:
    names = resource_names("qwc")

    assert "qbwc.qwc" in names
    assert list(names) == sorted(names)


def test_a_missing_file_is_named_with_the_cure() -> None:
    with pytest.raises(ResourceMissing, match=r"qwc/nothing\.xml .* is missing; install the program again"):
        resource_bytes("qwc", "nothing.xml")


@pytest.mark.parametrize("name", ["", ".", "..", "../pyproject.toml", "/etc/hostname", "a\\b", "C:x"])
def test_a_path_is_no_name(name: str) -> None:
    with pytest.raises(ResourceMissing):
        resource_bytes("qwc", name)


def test_a_missing_folder_is_told_too() -> None:
    with pytest.raises(ResourceMissing):
        resource_names("no_such_folder")
    with pytest.raises(ResourceMissing):
        resource_names("..")
