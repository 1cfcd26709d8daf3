"""What the commands show of private fields: what the owner publishes, as the API and the pages do."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from web_office import running

from qbwc_server.cli import main


@pytest.mark.parametrize("published", ["customer.Balance", ""])
def test_a_change_of_a_private_field_is_in_the_queue_only_while_it_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: str
) -> None:
    for name in [name for name in os.environ if name.startswith("QBWC_")]:
        monkeypatch.delenv(name)
    with running(tmp_path, filled=False, own={"publish_private": ("customer.Balance",)}) as site:
        asked = site.ask("customer", "list_id", str(site.office.quickbooks.customers()[0]["ListID"]))
        assert site.finish(asked.id).outcome == "inserted"
        settings = {"QBWC_DATA_DIR": str(tmp_path), "QBWC_PUBLISH_PRIVATE": published}
        ran = CliRunner().invoke(main, ["queue", "list", "--json"], env=settings)
    assert ran.exit_code == 0, ran.output
    fields = {change["field"] for change in json.loads(ran.stdout)[0]["changes"]}
    assert "Name" in fields
    assert ("Balance" in fields) is bool(published)
