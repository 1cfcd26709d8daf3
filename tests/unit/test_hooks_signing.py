"""Signatures that any receiver of Standard Webhooks checks."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.publishing.hooks_signing import BadSecret, headers, secrets_in

NEW, OLD = (f"whsec_{base64.b64encode(bytes([number] * 32)).decode()}" for number in (1, 2))
SENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_signature_is_the_one_that_other_implementations_make() -> None:
    secrets = secrets_in("HOOK", {"HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    at = datetime.fromtimestamp(1614265330, UTC)
    made = headers(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(max_size=300))
def test_while_a_secret_is_replaced_each_of_the_two_has_a_signature(body: bytes) -> None:
    secrets = secrets_in("HOOK", {"HOOK": f"{NEW} {OLD}"})
    made = headers(secrets, "msg_1", SENT, body)
    signed = b"msg_1." + made["webhook-timestamp"].encode() + b"." + body
    wanted = [base64.b64encode(hmac.digest(bytes([n] * 32), signed, hashlib.sha256)).decode() for n in (1, 2)]
    assert made["webhook-signature"] == f"v1,{wanted[0]} v1,{wanted[1]}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "is not set"),
        ("  ", "is not set"),
        (NEW.removeprefix("whsec_"), "does not begin with whsec_"),
        ("whsec_S*ret", "not base64"),
        ("whsec_c2hvcnQ=", "5 bytes"),
        (f"whsec_{base64.b64encode(bytes(65)).decode()}", "65 bytes"),
        (f"{NEW} whsec_S*ret", "not base64"),
    ],
)
def test_what_is_no_secret_is_refused_by_the_name_of_its_variable_and_never_shown(given: str, said: str) -> None:
    with pytest.raises(BadSecret, match="HOOK_SECRET") as refused:
        secrets_in("HOOK_SECRET", {"HOOK_SECRET": given})
    assert said in str(refused.value)
    assert refused.value.variable == "HOOK_SECRET"
    assert "S*ret" not in str(refused.value)
    assert NEW[6:] not in str(refused.value)
    assert refused.value.__cause__ is None
