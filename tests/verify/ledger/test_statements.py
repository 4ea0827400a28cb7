"""Signed ledgers: what a statement proves of a ledger, now and after years."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess

import pytest

from napari_seal import (
    Ledger,
    LedgerError,
    Signature,
    TargetExistsError,
    Trust,
    TrustedKey,
    WriteError,
)
from napari_seal._trust.judge import Judge
from napari_seal._trust.keys import SigningKey
from napari_seal._verify.ledger import statements

KEY = SigningKey.generate()
TRUST = Trust((TrustedKey(name="Archive", key=KEY.public),))


def edit(ledger: Ledger, *commands: str) -> None:
    connection = sqlite3.connect(ledger.path)
    with connection:
        for command in commands:
            connection.execute(command)
    connection.close()


@pytest.fixture
def signed(check, archive, images, ledger) -> Ledger:
    """A ledger with a change in its second run, signed after it."""
    check()
    (archive / "a.jpg").write_bytes(images["a"][:-300])
    check()
    ledger.sign(KEY)
    return ledger


def the_one(found) -> statements.LedgerStatement:
    (statement,) = found.statements
    return statement


def test_a_signed_ledger(signed):
    """The statement says how many runs and files there were, and by whom it is signed."""
    found = signed.check(trust=TRUST)
    assert found.agrees
    told = the_one(found)
    assert (told.signature, told.signer) == (Signature.TRUSTED, "Archive")
    assert (told.runs, told.files, told.head) == (2, 3, found.head)
    assert (told.timestamps, told.unverified) == ((), 0)


def test_contents_can_be_digested_by_hand(signed):
    """The digest of all entries is what the page on ledgers says it is."""
    connection = sqlite3.connect(signed.path)
    rows = connection.execute(
        "SELECT path, verdict, why, arrival, first_run, since, referenced, expected, size, mtime, "
        "found, codestream, record, source, pixels FROM files ORDER BY id"
    ).fetchall()
    connection.close()
    data = b""
    for path, *values in rows:
        texts, numbers, digests = values[:3], values[3:9], values[9:]
        data += b"%d:%b\0" % (len(path), path)
        data += b"".join((text or "").encode() + b"\0" for text in texts)
        data += " ".join("-" if n is None else str(n) for n in numbers).encode() + b"\0"
        data += b"".join(b"-" if d is None else b"%d:%b" % (len(d), d) for d in digests)
    told = the_one(signed.check())
    assert told.contents == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert None in rows[1]
    assert rows[0][2]


def test_runs_after_it(signed, check):
    """What came later does not change what was signed; each statement is told by itself."""
    check()
    signed.sign(KEY)
    check()
    found = signed.check(trust=TRUST)
    assert found.agrees
    assert [told.runs for told in found.statements] == [2, 3]
    assert found.runs == 4


_ATTACKS = {
    "runs removed": (
        ("DELETE FROM links WHERE run = 2", "DELETE FROM runs WHERE id = 2"),
        "first 2 runs are not those of then",
    ),
    "reference exchanged": (
        ("UPDATE files SET codestream = pixels WHERE id = 3",),
        "not what was stated, and no run has written since",
    ),
    "no longer expected": (
        ("UPDATE files SET expected = 0 WHERE id = 3",),
        "not what was stated, and no run has written since",
    ),
    "size edited": (
        ("UPDATE files SET size = size + 1 WHERE id = 3",),
        "not what was stated, and no run has written since",
    ),
    "statement of another ledger": (
        ('UPDATE statements SET text = replace(text, \'"ledger":"\', \'"ledger":"0\') ',),
        None,
    ),
    "statement edited": (
        ("UPDATE statements SET text = replace(text, '\"files\":3', '\"files\":4')",),
        "not one of these data",
    ),
    "time edited": (
        ('UPDATE statements SET text = replace(text, \'"time":"2\', \'"time":"1\')',),
        "not one of these data",
    ),
}


@pytest.mark.parametrize(("commands", "problem"), _ATTACKS.values(), ids=_ATTACKS)
def test_what_is_edited_after_it_was_signed(signed, commands, problem):
    """Removed runs, edited references and edited statements show, beside what the chain tells."""
    edit(signed, *commands)
    found = signed.check(trust=TRUST)
    assert not found.agrees
    if problem is not None:
        assert any(problem in text for text in the_one(found).problems)


def test_whoever_makes_the_chain_anew_cannot_sign_it(signed, archive, images, tmp_path):
    """A ledger in which the change never happened has a chain that fits, and no trusted signature.

    The statement that was kept elsewhere shows it.
    """
    kept = tmp_path / "kept.json"
    signed.write_statement(kept)
    (archive / "a.jpg").write_bytes(images["a"])
    with Ledger.open(tmp_path / "forged.db", create=True) as forged:
        for _ in range(2):
            list(forged.check_many(archive, jobs=1))
        edit(forged, "DELETE FROM statements")
        assert forged.check(trust=TRUST).agrees
        told = the_one(forged.check(trust=TRUST, statement=kept))
        assert told.signature is Signature.TRUSTED
        assert "another ledger" in told.problems[0]
        # Even with the identity of the true one.
        identity = signed.check().ledger
        edit(forged, f"UPDATE about SET value = x'{identity}' WHERE key = 'identity'",
             "DELETE FROM links")  # fmt: skip
        from napari_seal._verify.ledger import chain

        with forged._database.writing() as connection:
            for run in (1, 2):
                chain.add(connection, run)
        assert forged.check(trust=TRUST).agrees
        told = the_one(forged.check(trust=TRUST, statement=kept))
        assert "does not continue what was stated" in told.problems[0]


def test_a_broken_chain_is_not_signed(signed):
    """Nobody signs, without knowing it, what was edited before."""
    edit(signed, "UPDATE runs SET counts = '{\"intact\": 3}' WHERE id = 2")
    with pytest.raises(LedgerError, match=r"is not signed\. Run 2 is not what link 2 says"):
        signed.sign(KEY)
    assert len(signed.check().statements) == 1


def test_what_cannot_be_signed(ledger, archive, check):
    """An empty ledger, one with an unfinished run, and one that a run is writing into."""
    with pytest.raises(LedgerError, match="nothing to sign"):
        ledger.sign(KEY)
    check()
    run = ledger.check_many(archive, jobs=1)
    next(run)
    with Ledger.open(ledger.path) as beside, pytest.raises(LedgerError, match="another run"):
        beside.sign(KEY)
    run.close()
    with pytest.raises(LedgerError, match="run 2 is unfinished"):
        ledger.sign(KEY)
    assert ledger.check().statements == ()


def test_a_statement_in_a_file(signed, check, tmp_path):
    """It is one line in ASCII, is checked against the ledger of later, and not overwritten."""
    path = tmp_path / "statement.json"
    signed.write_statement(path)
    assert path.read_text("ascii").startswith('{"napari-seal-ledger":1,"ledger":"')
    edit(signed, "DELETE FROM statements")
    check()
    told = the_one(signed.check(statement=path, trust=TRUST))
    assert (told.signature, told.problems, told.runs) == (Signature.TRUSTED, (), 2)
    with pytest.raises(LedgerError, match="no statement about the ledger"):
        signed.write_statement(path, overwrite=True)
    signed.sign(KEY)
    with pytest.raises(TargetExistsError):
        signed.write_statement(path)
    assert signed.write_statement(path, overwrite=True).runs == 3
    with pytest.raises(WriteError):
        signed.write_statement(tmp_path / "nowhere" / "statement.json")


#: A statement with a number that SQLite does not know.
_TOO_MANY = json.dumps(
    {
        "napari-seal-ledger": 1,
        "ledger": "0" * 32,
        "time": "2026-01-31T12:00:00Z",
        "runs": 2**63,
        "head": f"sha256:{'0' * 64}",
        "files": 1,
        "contents": f"sha256:{'0' * 64}",
    },
    separators=(",", ":"),
)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"napari-seal-ledger":2}',
        '{"napari-seal-ledger":1}',
        '{"napari-seal-ledger":1,"ledger":5}',
        "\xff\xfe",
        "x" * 100_000,
        _TOO_MANY,
    ],
)
def test_what_is_no_statement(signed, tmp_path, content):
    """It is refused, whatever it is; in the ledger itself it is a problem of the ledger."""
    path = tmp_path / "statement.json"
    path.write_text(content, "latin-1")
    with pytest.raises(LedgerError):
        signed.check(statement=path)
    connection = sqlite3.connect(signed.path)
    with connection:
        connection.execute("UPDATE statements SET text = ?", (content,))
    connection.close()
    assert "is none" in signed.check().problems[0]
    with pytest.raises(LedgerError, match="cannot be read"):
        signed.check(statement=tmp_path / "none.json")


def test_a_statement_has_one_spelling(signed):
    """Spaces, other orders, doubled and added keys are refused: what is read is what was signed."""
    text = the_one(signed.check()).text
    assert statements.read(text, Judge(TRUST)).signature is Signature.TRUSTED
    value = json.loads(text)
    others = [
        text + "\n",
        " " + text,
        text.replace(',"runs"', ', "runs"'),
        text.replace('"runs":2', '"runs":2,"runs":2'),
        text.replace('"runs":2', '"runs":1,"runs":2'),
        text.replace('"runs":2', '"runs":2.0'),
        text.replace('"runs":2', '"runs":true'),
        text.replace('"runs":2', '"runs":-2'),
        text.replace('"runs":2', '"runs":2,"more":1'),
        text.replace("T", "t", 1),
        json.dumps(value),
        json.dumps({**value, "signature": 5}, separators=(",", ":")),
        json.dumps({**value, "signature": {}}, separators=(",", ":")),
    ]
    for other in others:
        assert other != text
        try:
            found = statements.read(other, Judge(TRUST))
        except LedgerError:
            continue
        assert found.signature is Signature.INVALID
        assert found.problems


def test_no_byte_of_a_statement_can_be_changed(signed):
    """Each change is refused, or makes the signature invalid or one of an unknown key."""
    text = the_one(signed.check()).text
    for place in range(len(text)):
        other = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        try:
            found = statements.read(other, Judge(TRUST))
        except LedgerError:
            continue
        assert found.signature in (Signature.INVALID, Signature.NOT_CHECKED)


def test_keys_and_their_times(signed):
    """Unknown, expired and stolen keys have their state; no problem, and nobody's trust."""
    key = KEY.public
    from datetime import UTC, datetime

    past = datetime(2020, 1, 1, tzinfo=UTC)
    for entry, state in (
        (TrustedKey(name="Other", key=SigningKey.generate().public), Signature.UNKNOWN_KEY),
        (TrustedKey(name="Archive", key=key, valid_until=past), Signature.EXPIRED),
        (TrustedKey(name="Archive", key=key, compromised=True), Signature.REVOKED),
    ):
        found = signed.check(trust=Trust((entry,)))
        assert found.agrees
        assert the_one(found).signature is state


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_a_statement(signed, tmp_path):
    """The command lines of the page on ledgers hold."""
    signed.write_statement(tmp_path / "statement.json")
    (tmp_path / "lab.pub.pem").write_text(KEY.public.pem)
    commands = """
        set -e
        sed 's/,"signature":.*//' statement.json | tr -d '\\n' > signed
        sed 's/.*"value":"//' statement.json | head -c 88 | base64 -d > value
        openssl pkeyutl -verify -pubin -inkey lab.pub.pem -rawin -in signed -sigfile value
    """
    done = subprocess.run(
        ["sh", "-c", commands], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Successfully" in done.stdout
