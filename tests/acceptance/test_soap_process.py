"""The SOAP door in an interpreter of its own: what its import leaves behind, and what a long answer costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from qbwc_server.rehearsal.connector_soap import build_envelope


def test_spyne_is_imported_with_every_warning_an_error_and_leaves_the_interpreter_clean() -> None:
    script = (
        "import sys; before = list(sys.meta_path); import qbwc_server.soap.spyne_import, spyne, spyne.const;"
        "assert spyne.__version__ == '2.14.0'; assert list(sys.meta_path) == before; assert 'cgi' not in sys.modules;"
        "assert spyne.const.MIN_GC_INTERVAL == float('inf'); import qbwc_server.soap, wave, colorsys"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


_RECEIVE = """
import os, sys
from qbwc_server.soap import make_soap_app

class Talk:
    def receive_response(self, ticket, response, hresult, message):
        while response.read(65536):
            pass
        return 100

def high_water():
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])

def send(path):
    with open(path, "rb") as body:
        environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/xml", "wsgi.input": body}
        environ["CONTENT_LENGTH"] = str(os.path.getsize(path))
        assert b">100<" in b"".join(app(environ, lambda status, headers: None))

app = make_soap_app(Talk(), public_url="http://localhost")
send(sys.argv[1])
before = high_water()
send(sys.argv[2])
print(high_water() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the memory's high water")
def test_memory_does_not_follow_the_size_of_an_answer(tmp_path: Path) -> None:
    line = "<Name>Zoë &amp; Sons</Name>\n"
    paths = []
    for size in (1000, 60 << 20):
        paths.append(tmp_path / f"{size}.xml")
        answer = {"ticket": "t", "response": line * (size // len(line))}
        paths[-1].write_bytes(build_envelope("receiveResponseXML", answer))
    done = subprocess.run(
        [sys.executable, "-c", _RECEIVE, *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) < 10 << 10  # kilobytes
