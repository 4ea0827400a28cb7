"""``ledger check``, ``sign``, ``timestamp`` and ``statement``, and ``verify --key``."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from napari_seal._trust.key_files import write_key_files
from napari_seal._trust.keys import SigningKey

pytest.importorskip("cryptography")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key, and a folder ``trust`` with its public key under the name ``Archive``."""
    (tmp_path / "trust").mkdir()
    private = tmp_path / "lab.pem"
    write_key_files(SigningKey.generate(), private, tmp_path / "trust" / "Archive.pub.pem")
    return private


def edit(path: str, *commands: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for command in commands:
            connection.execute(command)
    connection.close()


def test_verify_signs_the_ledger_and_the_reports(run, good, key):
    """With one key, at the end of the run; all of it is then found to be trusted."""
    result = run("verify", good, "--ledger", "l.db", "--csv", "r.csv", "--html", "r.html",
                 "--jsonl-file", "r.jsonl", "--key", key)  # fmt: skip
    assert result.exit_code == 0
    assert "The ledger is signed, with the head sha256:" in result.stderr
    for report in ("r.csv", "r.html", "r.jsonl"):
        result = run("report", "check", report, "--trust", "trust", "--require-signature")
        assert result.exit_code == 0
        assert "Archive" in result.output
    result = run("ledger", "check", "l.db", "--trust", "trust", "--require-signature")
    assert result.exit_code == 0
    assert "trusted" in result.output
    assert "✓ The ledger is what its runs left." in result.output


def test_printed_lines_are_signed_too(run, good, key, tmp_path):
    """What `--jsonl` prints is a report like that in a file."""
    result = run("verify", good, "--jsonl", "--key", key)
    (tmp_path / "r.jsonl").write_bytes(result.stdout_bytes)
    assert run("report", "check", "r.jsonl", "--trust", "trust",
               "--require-signature").exit_code == 0  # fmt: skip


def test_a_key_needs_something_to_sign(run, good, key):
    """Without report and ledger it is refused; so is a key that is none, before all else."""
    result = run("verify", good, "--key", key)
    assert result.exit_code == 2
    assert "--key signs reports and ledgers" in result.output
    result = run("verify", good, "--csv", "r.csv", "--key", good / "a.sealed.jpg")
    assert result.exit_code == 2
    assert not Path("r.csv").exists()


def test_a_run_that_ended_early_does_not_sign(run, good, key):
    """The ledger has what was checked, and no statement; the line says so."""
    result = run("verify", good, "--ledger", "l.db", "--time-limit", "0.000001", "--key", key)
    assert result.exit_code == 1
    assert "the ledger is not signed" in result.stderr
    found = json.loads(run("ledger", "check", "l.db", "--json").stdout)
    assert (found["statements"], found["unfinished"]) == ([], 1)


def test_signatures_that_are_required(run, good, key):
    """Without one of a trusted key, `--require-signature` fails; reports likewise."""
    run("verify", good, "--ledger", "l.db", "--csv", "r.csv")
    assert run("ledger", "check", "l.db").exit_code == 0
    for command in (("ledger", "check", "l.db"), ("report", "check", "r.csv")):
        result = run(*command, "--trust", "trust", "--require-signature")
        assert result.exit_code == 1
        assert "signed with a trusted key" in result.output
    assert run("ledger", "sign", "l.db", "--key", key).exit_code == 0
    result = run("ledger", "check", "l.db", "--require-signature", "--trust", "trust")
    assert result.exit_code == 0
    assert run("ledger", "check", "l.db", "--trust", "nowhere").exit_code == 2


def test_a_removed_run(run, good, key):
    """It is named; if it is the last one, only beside a head or a statement kept elsewhere."""
    for _ in range(3):
        run("verify", good, "--ledger", "l.db")
    run("ledger", "sign", "l.db", "--key", key)
    assert run("ledger", "statement", "l.db", "--out", "kept.json").exit_code == 0
    stated = json.loads(run("ledger", "check", "l.db", "--json").stdout)
    head, signer = stated["head"], stated["statements"][0]["signer"]
    output = run("ledger", "check", "l.db").output
    assert f"{signer[:15]}…" in output  # a fingerprint leaves no room for the other columns
    assert signer not in output
    shutil.copy("l.db", "cut.db")
    edit("l.db", "DELETE FROM seen", "DELETE FROM scopes WHERE run = 2",
         "DELETE FROM runs WHERE id = 2")  # fmt: skip
    result = run("ledger", "check", "l.db")
    assert result.exit_code == 1
    assert "Run 2, which link 2 is about, was removed" in result.output
    edit("cut.db", "DELETE FROM seen", "DELETE FROM scopes WHERE run = 3",
         "DELETE FROM links WHERE run = 3", "DELETE FROM runs WHERE id = 3",
         "DELETE FROM statements")  # fmt: skip
    assert run("ledger", "check", "cut.db").exit_code == 0
    result = run("ledger", "check", "cut.db", "--head", head)
    assert result.exit_code == 1
    assert "runs were removed" in result.output
    result = run("ledger", "check", "cut.db", "--statement", "kept.json")
    assert result.exit_code == 1
    assert "does not continue what was stated" in result.output


def test_what_cannot_be_checked(run, good, key):
    """No ledger, no digest, no statement: exit code 2 and a line that says which."""
    run("verify", good, "--ledger", "l.db")
    for arguments, message in (
        (("check", "none.db"), "there is no ledger"),
        (("check", good / "a.sealed.jpg"), "name of an image"),
        (("check", "l.db", "--head", "12"), "64 hexadecimal digits"),
        (("check", "l.db", "--statement", "none.json"), "cannot be read"),
        (("check", "l.db", "--tsa-ca", "none.pem"), "none.pem"),
        (("statement", "l.db", "--out", "s.json"), "no statement about the ledger"),
        (("sign", "none.db", "--key", key), "there is no ledger"),
        (("sign", "l.db", "--key", "none.pem"), "none.pem"),
        (("timestamp", "l.db", "--tsa", "ftp://x", "--tsa-ca", key), "begins with http"),
    ):
        result = run("ledger", *arguments)
        assert result.exit_code == 2
        assert message in result.output


def test_a_passphrase_is_read_from_a_file(run, good, tmp_path):
    """An encrypted key signs with its passphrase, and not with another."""
    write_key_files(SigningKey.generate(), "secret.pem", "secret.pub.pem", "open sesame")
    (tmp_path / "pass").write_text("open sesame\n")
    (tmp_path / "wrong").write_text("close sesame\n")
    run("verify", good, "--ledger", "l.db")
    signing = ("ledger", "sign", "l.db", "--key", "secret.pem", "--passphrase-file")
    assert run(*signing, "pass").exit_code == 0
    result = run(*signing, "wrong")
    assert result.exit_code == 2
    assert "could not be decrypted" in result.output


def test_the_whole_chain(run, good, key, tmp_path):
    """Signed, time-stamped, taken out, and checked later with openssl's authority not there."""
    pytest.importorskip("rfc3161_client")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    from tsa import Authority, serving

    authority = Authority(tmp_path / "tsa")
    run("verify", good, "--ledger", "l.db", "--key", key)
    with serving(authority.reply) as url:
        result = run("ledger", "timestamp", "l.db", "--tsa", url, "--tsa-ca", authority.root)
    assert result.exit_code == 0
    assert "as CN=Tests stamping attests" in result.output
    run("ledger", "statement", "l.db", "--out", "kept.json")
    assert Path("kept.json.tsr").exists()
    run("verify", good, "--ledger", "l.db")
    options = ("--statement", "kept.json", "--trust", "trust", "--require-signature")
    result = run("ledger", "check", "l.db", *options, "--tsa-ca", authority.root)
    assert result.exit_code == 0
    assert "1 run more" in result.output
    assert "the last 1 came after all that a trusted key has signed" in result.output
    assert result.output.count("The first run was in the ledger by") == 2
    result = run("ledger", "check", "l.db", *options)
    assert "not verified: needs --tsa-ca" in result.output
    other = Authority(tmp_path / "other")
    result = run("ledger", "check", "l.db", "--tsa-ca", other.root)
    assert result.exit_code == 1
    assert "No statement has a time stamp that holds" in result.output


def test_names_of_signers_are_shown_safely(run, good, tmp_path):
    """A name in a list of keys, and a damaged statement, bring no escapes to the terminal."""
    run("verify", good, "--ledger", "l.db")
    edit("l.db", "INSERT INTO statements (text) VALUES ('{\x1b[2J')")
    result = run("ledger", "check", "l.db")
    assert result.exit_code == 1
    assert "\x1b" not in result.output
