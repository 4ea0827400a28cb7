"""The chain of runs: nothing that runs do breaks it, and each link names the one before."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from ledger_archive import edit
from older_ledgers import TO_VERSION_3

from napari_seal import Ledger, LedgerError, OptionError
from napari_seal._trust.keys import SigningKey
from napari_seal._verify.ledger import chain


def texts(ledger: Ledger) -> list[str]:
    connection = sqlite3.connect(ledger.path)
    found = [text for (text,) in connection.execute("SELECT text FROM links ORDER BY number")]
    connection.close()
    return found


def test_what_runs_do_fits(busy):
    """After changes, repairs, new, moved and accepted files the chain holds, with a link a run."""
    found = busy.check()
    assert found.problems == ()
    assert found.agrees
    assert (found.runs, found.late, found.unfinished, found.files) == (6, 0, None, 5)
    links = [json.loads(text) for text in texts(busy)]
    assert [link["run"] for link in links] == [run.number for run in busy.runs()]
    assert [link["states"] for link in links] == [3, 1, 2, 1, 2, 0]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_to_an_archive_fits(seed, archive, images, ledger):
    """Files come, go, change, move and are accepted in any order, runs are cut short: it holds."""
    rng = random.Random(seed)
    for number in range(12):
        files = sorted(archive.rglob("*.jpg"))
        path = rng.choice(files) if files else archive / "a.jpg"
        action = rng.randrange(7)
        if action == 0:
            (archive / f"{rng.randrange(99)}.jpg").write_bytes(images[rng.choice("abcd")])
        elif action == 1:
            path.unlink(missing_ok=True)
        elif action == 2:
            path.write_bytes(images[rng.choice(["again", "worse", "b"])])
        elif action == 3:
            path.write_bytes(images["c"][: -rng.randrange(1, 900)])
        elif action == 4 and files:
            path.rename(archive / f"moved{rng.randrange(99)}.jpg")
        elif action == 5 and number:
            with contextlib.suppress(LedgerError):
                ledger.accept(path)
        if not any(archive.rglob("*.jpg")):
            (archive / "last.jpg").write_bytes(images["d"])
        left = [rng.randrange(3)] if rng.random() < 0.3 else []
        run = ledger.check_many(
            archive, jobs=1, resume=rng.random() < 0.5, cancel=lambda left=left: _counted(left)
        )
        for _ in run:
            pass
        found = ledger.check()
        assert found.problems == ()


def _counted(left: list[int]) -> bool:
    """Whether it was asked as often as it was told to wait."""
    if not left:
        return False
    left[0] -= 1
    return left[0] < 0


def test_it_holds_while_a_run_goes_on(ledger, archive, check):
    """A check beside a run sees what was linked before it, and that it is not finished."""
    check()
    (archive / "new.jpg").write_bytes((archive / "a.jpg").read_bytes())
    run = ledger.check_many(archive, jobs=1)
    next(run)
    with Ledger.open(ledger.path, read_only=True) as beside:
        found = beside.check()
    assert found.agrees
    assert (found.runs, found.unfinished) == (1, 2)
    run.close()


def test_each_link_names_the_digest_of_the_one_before(busy):
    """The digest of a link's text, which any tool makes, stands in the next link."""
    found = texts(busy)
    digests = [f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}" for text in found]
    assert [json.loads(text)["previous"] for text in found] == [None, *digests[:-1]]
    assert busy.check().head == digests[-1]


def test_states_can_be_digested_by_hand(check, ledger, archive):
    """The digest of what a run changed is what the page on ledgers says it is."""
    check()
    connection = sqlite3.connect(ledger.path)
    rows = connection.execute("SELECT path, verdict, record FROM files ORDER BY id").fetchall()
    connection.close()
    data = b"".join(
        b"%d:%b%b\0\0%b" % (len(path), path, verdict.encode(), record)
        for path, verdict, record in rows
    )
    (text,) = texts(ledger)
    assert json.loads(text)["changes"] == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_head_of_before_is_found(busy, check):
    """A head stays one of the chain while runs are added; with or without the algorithm's name."""
    head = busy.check().head
    check()
    assert busy.check(head=head).agrees
    assert busy.check(head=head.removeprefix("sha256:").upper()).agrees
    assert not busy.check(head="0" * 64).agrees
    for wrong in ("", "1234", "sha512:" + "0" * 64):
        with pytest.raises(OptionError, match="64 hexadecimal digits"):
            busy.check(head=wrong)


def test_a_run_is_linked_when_it_ends(ledger, archive, check):
    """One that was stopped and gone on with is linked once, with what it wrote in both parts."""
    check()
    for number in range(12):
        shutil.copy(archive / "a.jpg", archive / f"copy{number}.jpg")
    run = ledger.check_many(archive, jobs=1, cancel=lambda: True)
    list(run)
    assert run.stopped is not None
    assert ledger.check().runs == 1
    ledger.accept(archive / "b.jpg")
    for verdict in ledger.check_many(archive, jobs=1, resume=True):
        assert verdict.intact
    found = ledger.check()
    assert found.agrees
    assert [json.loads(text)["run"] for text in texts(ledger)] == [1, 3, 2]
    assert json.loads(texts(ledger)[-1])["states"] == 12


def test_a_run_that_is_given_up_is_linked_as_stopped(ledger, archive, check):
    """The next run links it first, with what it had written."""
    check()
    list(ledger.check_many(archive, jobs=1, cancel=lambda: True))
    assert ledger.check().unfinished == 2
    check()
    found = ledger.check()
    assert found.agrees
    assert found.unfinished is None
    assert [json.loads(text)["state"] for text in texts(ledger)] == [
        "complete", "stopped", "complete",
    ]  # fmt: skip


def test_a_ledger_without_a_chain_gets_one(busy):
    """Runs of before are linked when the ledger is brought to this version, and marked as such."""
    before = [json.loads(text) for text in texts(busy)]
    busy.close()
    edit(busy, *TO_VERSION_3)
    with Ledger.open(busy.path) as again:
        found = again.check()
        after = [json.loads(text) for text in texts(again)]
    assert found.agrees
    assert (found.runs, found.late) == (6, 6)
    assert [link["changes"] for link in after] == [link["changes"] for link in before]
    assert all(link["late"] is True for link in after)


def test_an_empty_ledger_has_no_head(ledger):
    """There is nothing to prove, and nothing wrong."""
    found = ledger.check()
    assert (found.runs, found.head, found.agrees) == (0, None, True)


def test_two_ledgers_differ(archive, tmp_path):
    """Runs of one do not fit into another, though both did the same."""
    heads = set()
    for name in ("one.db", "two.db"):
        with Ledger.open(tmp_path / name, create=True) as ledger:
            list(ledger.check_many(archive, jobs=1))
            heads.add(ledger.check().head)
    assert len(heads) == 2


def test_checking_a_ledger_needs_no_right_to_write(busy):
    """A ledger on media that cannot be written to is checked as well."""
    busy.close()
    Path(busy.path).chmod(0o444)
    with Ledger.open(busy.path, read_only=True) as ledger:
        assert ledger.check().agrees
        with pytest.raises(LedgerError, match="reading only"):
            ledger.sign(SigningKey.generate())


def test_the_digest_of_nothing():
    """A run that changed no state has the digest of no bytes."""
    number, digest = chain.NOTHING
    assert number == 0
    assert digest == f"sha256:{hashlib.sha256(b'').hexdigest()}"
