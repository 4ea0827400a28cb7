"""Time stamps by an authority that openssl plays: what verifies, and what must not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("rfc3161_client")
if shutil.which("openssl") is None:
    pytest.skip("openssl is not installed", allow_module_level=True)

from tsa import Authority, openssl

from napari_seal._format import limits
from napari_seal._trust.certificates import load_certificates
from napari_seal._trust.timestamp import ask, verify
from napari_seal.errors import KeyFileError, TimestampError

DATA = b'{"napari-seal-ledger":1}'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A root and a certificate for time stamps."""
    return Authority(tmp_path / "tsa")


def trusted(authority: Authority):
    return load_certificates(authority.root)


def test_a_time_stamp_is_verified_now_and_later(authority):
    """The reply to a query verifies, and again without the query; it tells the time and by whom."""
    reply = ask(DATA, authority.reply, trusted(authority))
    found = verify(reply, DATA, trusted(authority))
    assert found.authority == "CN=Tests stamping"
    assert abs(datetime.now(UTC) - found.time) < timedelta(minutes=2)


def test_openssl_verifies_the_very_bytes(authority, tmp_path):
    """What is kept is what `openssl ts -verify` takes, of the data as they are."""
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "reply.tsr").write_bytes(ask(DATA, authority.reply, trusted(authority)))
    told = openssl(
        *("ts", "-verify", "-data", tmp_path / "data", "-in", tmp_path / "reply.tsr"),
        *("-CAfile", authority.root),
    )
    assert b"Verification: OK" in told


def test_of_other_data(authority):
    """A time stamp of one text says nothing of another; nor does one that was asked for it."""
    reply = ask(DATA, authority.reply, trusted(authority))
    with pytest.raises(TimestampError, match="other data"):
        verify(reply, DATA + b" ", trusted(authority))
    with pytest.raises(TimestampError, match=r"other data|another query"):
        ask(DATA + b" ", lambda _: reply, trusted(authority))


def test_an_answer_to_another_query(authority):
    """A reply of before, played back for the same data, lacks the number of this query."""
    reply = ask(DATA, authority.reply, trusted(authority))
    with pytest.raises(TimestampError, match="another query"):
        ask(DATA, lambda _: reply, trusted(authority))


def test_another_authority(authority, tmp_path):
    """What somebody else signed is refused, though it be as good, and bear the same name."""
    other = Authority(tmp_path / "other")
    with pytest.raises(TimestampError, match="no trusted certificate leads to it"):
        ask(DATA, other.reply, trusted(authority))
    assert ask(DATA, other.reply, [*trusted(authority), *trusted(other)])


def test_a_certificate_that_had_expired(authority):
    """A certificate must have been valid at the time that is attested."""
    authority.issue("stamping", years=(2020, 2021))
    with pytest.raises(TimestampError, match="expired"):
        ask(DATA, authority.reply, trusted(authority))


def test_a_certificate_for_something_else(authority, tmp_path):
    """What a certificate for servers signed, by the same root, is no time stamp (RFC 3161, 2.3)."""
    # openssl ts does not sign with such a certificate: the same content, as openssl cms signs it.
    (tmp_path / "reply.tsr").write_bytes(ask(DATA, authority.reply, trusted(authority)))
    token, content = tmp_path / "token.der", tmp_path / "content.der"
    openssl("ts", "-reply", "-in", tmp_path / "reply.tsr", "-token_out", "-out", token)
    openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", token, "-out", content)

    def signed_again() -> bytes:
        openssl(
            *("cms", "-sign", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-binary"),
            *("-nodetach", "-nosmimecap", "-outform", "DER", "-in", content, "-out", token),
            *("-signer", authority.folder / "tsa.pem", "-inkey", authority.folder / "tsa.key"),
        )
        body = bytes.fromhex("3003020100") + token.read_bytes()
        return b"\x30\x82" + len(body).to_bytes(2) + body

    assert verify(signed_again(), DATA, trusted(authority))
    authority.issue("server")
    with pytest.raises(TimestampError, match="purpose"):
        verify(signed_again(), DATA, trusted(authority))


@pytest.mark.parametrize("status", range(1, 9))
def test_a_refusal(authority, status):
    """Whatever is not granted is no time stamp, with a token in it or without."""
    granted = authority_reply(authority)
    assert granted[4:9] == bytes.fromhex("3003020100")
    refused = granted[:8] + bytes([status]) + granted[9:]
    for reply in (refused, bytes.fromhex("300530030201") + bytes([status])):
        with pytest.raises(TimestampError, match="did not grant"):
            verify(reply, DATA, trusted(authority))


def authority_reply(authority: Authority) -> bytes:
    return ask(DATA, authority.reply, trusted(authority))


def test_why_it_was_refused_is_told_safely(authority):
    """The authority's own words are shown, without what a terminal would obey."""
    words = b"no \x1b[2J time"
    inner = b"\x0c" + bytes([len(words)]) + words
    status = bytes.fromhex("020102") + b"\x30" + bytes([len(inner)]) + inner
    body = b"\x30" + bytes([len(status)]) + status
    with pytest.raises(TimestampError) as caught:
        verify(b"\x30" + bytes([len(body)]) + body, DATA, trusted(authority))
    assert r"rejection (no \x1b[2J time)" in str(caught.value)


def test_granted_without_a_token(authority):
    """A reply that grants and holds nothing is none."""
    with pytest.raises(TimestampError, match="no time stamp"):
        verify(bytes.fromhex("30053003020100"), DATA, trusted(authority))


@pytest.mark.parametrize(
    "reply", [b"", b"\x30", b"<html>", b"0" * 500, b"\x30\x84\xff\xff\xff\xff", bytes(100_000)]
)
def test_garbage(authority, reply):
    """Whatever else comes is an error of ours."""
    with pytest.raises(TimestampError):
        verify(reply, DATA, trusted(authority))


def test_one_that_is_too_long(authority):
    """It is not even looked into."""
    with pytest.raises(TimestampError, match="far too long"):
        verify(bytes(limits.TIMESTAMP_BYTES + 1), DATA, trusted(authority))


def test_no_bit_of_what_is_attested_can_be_changed(authority):
    """The time, the digest and the number are signed: a change of any of their bytes is refused."""
    reply = authority_reply(authority)
    start = reply.index(bytes.fromhex("060b2a864886f70d0109100104"))  # id-ct-TSTInfo
    end = reply.index(b"Z", start)
    changed = 0
    for place in range(start + 20, end + 1):
        other = bytearray(reply)
        other[place] ^= 1
        with pytest.raises(TimestampError):
            verify(bytes(other), DATA, trusted(authority))
        changed += 1
    assert changed > 60


def test_cut_replies(authority):
    """Cut anywhere, a reply is refused."""
    reply = authority_reply(authority)
    for length in range(0, len(reply), 7):
        with pytest.raises(TimestampError):
            verify(reply[:length], DATA, trusted(authority))


def test_files_of_certificates(authority, tmp_path):
    """A file without a certificate, or none, is named."""
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "none.pem"):
        with pytest.raises(KeyFileError, match=name):
            load_certificates(tmp_path / name)
