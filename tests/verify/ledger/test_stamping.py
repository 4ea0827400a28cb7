"""A ledger's state, time-stamped: by an authority that openssl plays, and verified without it."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("rfc3161_client")
if shutil.which("openssl") is None:
    pytest.skip("openssl is not installed", allow_module_level=True)

from tsa import Authority, openssl, serving

from napari_seal import (
    Ledger,
    LedgerError,
    OptionError,
    Signature,
    TargetExistsError,
    TimestampError,
)
from napari_seal._trust.keys import SigningKey

KEY = SigningKey.generate()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A root and a certificate for time stamps."""
    return Authority(tmp_path_factory.mktemp("authority") / "tsa")


@pytest.fixture
def stamped(check, ledger, authority) -> Ledger:
    """A ledger of one run, signed and time-stamped."""
    check()
    ledger.sign(KEY)
    with serving(authority.reply) as url:
        ledger.timestamp(url, authority.root)
    return ledger


def test_a_time_stamp_is_verified_without_a_network(stamped, authority, check):
    """Later, and after more runs, it still attests when the runs of then were there."""
    check()
    found = stamped.check(tsa_ca=authority.root)
    assert found.agrees
    (told,) = found.statements
    assert told.runs == 1
    assert told.signature is Signature.UNKNOWN_KEY
    (stamp,) = told.timestamps
    assert stamp.authority == "CN=Tests stamping"
    assert abs(datetime.now(UTC) - stamp.time) < timedelta(minutes=5)


def test_without_certificates_it_is_not_verified(stamped):
    """It is counted, and nothing is said of it."""
    (told,) = stamped.check().statements
    assert (told.timestamps, told.unverified, told.problems) == ((), 1, ())


def test_which_statement_is_stamped(check, ledger, authority):
    """The last one, if no run was finished since; else a new one, signed if there is a key."""
    check()
    with serving(authority.reply) as url:
        assert ledger.timestamp(url, authority.root).signature is Signature.NONE
        ledger.sign(KEY)
        assert ledger.timestamp(url, authority.root).signature is Signature.UNKNOWN_KEY
        ledger.timestamp(url, authority.root)
        check()
        told = ledger.timestamp(url, authority.root, key=KEY)
        assert told.runs == 2
        assert told.timestamps
    found = ledger.check(tsa_ca=authority.root)
    assert found.agrees
    assert [len(told.timestamps) for told in found.statements] == [1, 2, 1]


def test_openssl_verifies_the_files(stamped, authority, tmp_path):
    """A statement and its time stamp are two files that `openssl ts -verify` takes as they are."""
    stamped.write_statement(tmp_path / "statement.json")
    told = openssl(
        *("ts", "-verify", "-data", tmp_path / "statement.json"),
        *("-in", tmp_path / "statement.json.tsr", "-CAfile", authority.root),
    )
    assert b"Verification: OK" in told


def test_files_that_were_kept_elsewhere(stamped, authority, check, tmp_path):
    """The time stamp beside a statement's file is verified, too; one of something else is told."""
    path = tmp_path / "statement.json"
    stamped.write_statement(path)
    connection = sqlite3.connect(stamped.path)
    with connection:
        connection.execute("DELETE FROM stamps")
        connection.execute("DELETE FROM statements")
    connection.close()
    check()
    (told,) = stamped.check(statement=path, tsa_ca=authority.root).statements
    assert len(told.timestamps) == 1
    with serving(authority.reply) as url:
        stamped.timestamp(url, authority.root)
    stamped.write_statement(tmp_path / "other.json")
    shutil.copy(tmp_path / "other.json.tsr", f"{path}.tsr")
    told = stamped.check(statement=path, tsa_ca=authority.root).statements[-1]
    assert told.timestamps == ()
    assert "one of other data" in told.problems[0]


def test_no_time_stamp_of_before_stays_beside_a_statement(stamped, check, tmp_path):
    """Where a newer statement without one is written over an older, the old time stamp goes."""
    path = tmp_path / "statement.json"
    stamped.write_statement(path)
    check()
    stamped.sign(KEY)
    with pytest.raises(TargetExistsError):
        stamped.write_statement(path)
    path.unlink()
    with pytest.raises(TargetExistsError, match="tsr"):
        stamped.write_statement(path)
    stamped.write_statement(path, overwrite=True)
    assert path.exists()
    assert not path.with_name("statement.json.tsr").exists()


def edit(ledger: Ledger, command: str, *values: object) -> None:
    connection = sqlite3.connect(ledger.path)
    with connection:
        connection.execute(command, values)
    connection.close()


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("UPDATE stamps SET token = substr(token, 1, 300)", "no time stamp"),
        ("UPDATE stamps SET token = x''", "no time stamp"),
        ("UPDATE stamps SET token = 'text'", "no time stamp"),
        ("UPDATE stamps SET token = zeroblob(300000)", "far too long"),
        ("UPDATE statements SET text = replace(text, ':\"2', ':\"1')", "other data"),
    ],
)
def test_what_is_done_to_a_time_stamp(stamped, authority, command, problem):
    """Damaged tokens, and statements that are not those that were stamped, are told."""
    edit(stamped, command)
    (told,) = stamped.check(tsa_ca=authority.root).statements
    assert told.timestamps == ()
    assert any(problem in text for text in told.problems)


def test_a_ledger_that_was_changed_after_it_was_stamped(stamped, authority):
    """The time stamp holds, and the ledger is not what was stamped."""
    edit(stamped, "UPDATE runs SET counts = '{\"intact\": 4}'")
    edit(stamped, "DELETE FROM links")
    from napari_seal._verify.ledger import chain

    with stamped._database.writing() as connection:
        chain.add(connection, 1)
    found = stamped.check(tsa_ca=authority.root)
    assert found.problems == ()
    (told,) = found.statements
    assert len(told.timestamps) == 1
    assert "does not continue what was stated" in told.problems[0]


def test_an_authority_that_is_not_trusted(stamped, authority, tmp_path):
    """Its time stamps are told as what they are, and new ones are not kept."""
    other = Authority(tmp_path / "other")
    (told,) = stamped.check(tsa_ca=other.root).statements
    assert "no trusted certificate leads to it" in told.problems[0]
    with serving(other.reply) as url, pytest.raises(TimestampError, match="no trusted"):
        stamped.timestamp(url, authority.root)
    assert stamped.check().statements[0].unverified == 1


def test_what_keeps_a_time_stamp_away(check, ledger, authority):
    """No run, no such address, no answer: an error, and nothing is kept."""
    with pytest.raises(LedgerError, match="nothing to sign"):
        ledger.timestamp("http://127.0.0.1:9/", authority.root)
    check()
    with pytest.raises(OptionError):
        ledger.timestamp("ftp://127.0.0.1/", authority.root)
    with serving(lambda _: (503, b"")) as url, pytest.raises(TimestampError, match="503"):
        ledger.timestamp(url, authority.root)
    (told,) = ledger.check(tsa_ca=authority.root).statements
    assert told.timestamps == ()
