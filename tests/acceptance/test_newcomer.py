"""What a newcomer does, from an empty folder to the first refresh, with the commands of the README and the pages alone.

docs/first-connection.md has the same steps for people; the rehearsed Web Connector stands in for the QuickBooks PC.
"""

import re
from pathlib import Path

from real_server import RealServer
from web_office import Browser

PASSWORD = "correct horse battery"


def test_from_an_empty_folder_to_the_first_refresh(tmp_path: Path) -> None:
    with RealServer(tmp_path / "shop") as server:
        # README: qbwc init, qbwc user add marie --role admin, qbwc serve.
        server.folder.mkdir()
        server.qbwc("init")
        server.qbwc("user", "add", "marie", "--role", "admin", "--password-stdin", said=f"{PASSWORD}\n")
        server.start()
        # README: then open /setup.
        marie = Browser(server.url)
        asked = marie.get("/setup")
        first = marie.submit(asked, "/sign-in", user="marie", password=PASSWORD)
        assert "The address that the Web Connector calls" in first.words
        # Step 1: Check the address, Go on.
        checked = marie.submit(first, "/setup/address")
        assert "All is well." in checked.words
        second = marie.get(link(checked.text, "Go on"))
        # Step 2: a name.
        third = marie.submit(second, "/setup/company", name="Acme Plumbing", short="", file="")
        # Step 3: Make the password, copy it.
        made = marie.submit(third, "/password")
        password = re.findall(r'id="made" value="([^"]+)"', made.text)[0]
        fourth = marie.get(link(made.text, "I have it: go on"))
        # Step 4: download the file and give it to the Web Connector, with the password.
        file = tmp_path / "acme-plumbing.qwc"
        file.write_text(marie.get(link(fourth.text, "Download acme-plumbing.qwc")).text, encoding="utf-8")
        fifth = marie.get(link(fourth.text, "Done there: wait for the first call"))
        assert "has not called yet" in fifth.words
        heard = server.qbwc("rehearse", "--qwc", str(file), "--password-stdin", said=f"{password}\n")
        assert (heard["violations"], heard["outcomes"]) == ([], ["nothing"])
        # Step 5: bring the customers over; the next call brings them.
        confirm = marie.get(link(fifth.text, "Fetch all customers"))
        marie.submit(confirm, "/customers/all", company="acme-plumbing")
        brought = server.qbwc("rehearse", "--qwc", str(file), "--password-stdin", said=f"{password}\n")
        assert (brought["violations"], brought["outcomes"]) == ([], ["done"])
        assert "Connected to Sample Hardware" in marie.get(fifth.url).words
        # The first refresh: open a customer, press Refresh from QuickBooks.
        customers = marie.settle("/customers", "60 customers")
        record = marie.get(re.findall(r'<th scope="row"[^>]*><a href="([^"]+)"', customers.text)[0])
        marie.submit(record, "/refresh")
        server.qbwc("rehearse", "--qwc", str(file), "--password-stdin", said=f"{password}\n")
        marie.settle(record.url, "Already up to date")


def link(page: str, text: str) -> str:
    """Return where a link or button of that text leads."""
    found = re.findall(rf'<a href="([^"]+)"[^>]*>{re.escape(text)}', page)
    assert found, f"no link {text!r}"
    return str(found[0])
