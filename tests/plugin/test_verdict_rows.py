"""Results in columns: what comes back is what went in; reasons lie on the disk."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import pytest

from napari_seal._napari.verifying.verdict_rows import VerdictRows
from napari_seal._trust.states import Signature
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

MOVED = Reason(
    code=ReasonCode.MOVED, message="It was moved here.", expected="a/b.jpg", found="c/b.jpg"
)
EDITED = Reason(code=ReasonCode.EDITED, message="Edited in 1 place.", expected="0", found="1")


def filled(verdicts, folder=""):
    """Rows with these results."""
    rows = VerdictRows(folder)
    rows.add(rows.pack(verdicts))
    return rows


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(path="/x/a.jpg", verdict=Outcome.INTACT),
        Verdict(path="/x/sub/ä\n\udcff.jpg", verdict=Outcome.INTACT, reasons=(MOVED,)),
        Verdict(
            path="/x/b.jpg",
            verdict=Outcome.IMAGE_CHANGED,
            reasons=(EDITED, MOVED),
            signature=Signature.NOT_CHECKED,
            regions=((0, 0, 16, 16), (32, 0, 48, 64)),
        ),
        Verdict(
            path="/x/s.jpg",
            verdict=Outcome.INTACT,
            signature=Signature.TRUSTED,
            signer="Robot 1",
        ),
        Verdict(path="/elsewhere/c.jpg", verdict=Outcome.MISSING),
        Verdict(path="/x", verdict=Outcome.UNREADABLE),
        Verdict(path="/x/", verdict=Outcome.UNREADABLE),
        Verdict(path="/x//d.jpg", verdict=Outcome.NO_SEAL),
        Verdict(path="./x.jpg", verdict=Outcome.NO_SEAL),
    ],
)
@pytest.mark.parametrize("folder", ["/x", "/x/", "", ".", "/"])
def test_what_goes_in_comes_back(verdict, folder):
    """Path, word, every reason with its values, signature and regions: whatever the folder is."""
    other = Verdict(path="/y.jpg", verdict=Outcome.TRUNCATED, reasons=(EDITED,))
    rows = filled([other, verdict, other], folder)
    assert rows.verdict(1) == verdict
    assert list(rows.verdicts()) == [other, verdict, other]
    assert list(rows.verdicts([1])) == [verdict]


def test_counts_and_arrivals():
    """They add up to the rows, and a file is said to have come in one way."""
    rows = filled(
        [
            Verdict(path="a.jpg", verdict=Outcome.INTACT),
            Verdict(path="b.jpg", verdict=Outcome.INTACT, reasons=(MOVED,)),
            Verdict(path="c.jpg", verdict=Outcome.IMAGE_CHANGED, reasons=(EDITED,)),
        ]
    )
    assert rows.counts == {Outcome.INTACT: 2, Outcome.IMAGE_CHANGED: 1}
    assert rows.arrived == {ReasonCode.MOVED: 1}
    assert [rows.arrival(n) for n in range(3)] == [None, "moved", None]
    assert rows.why(1) == "It was moved here."


def test_hidden_characters_in_reasons_are_escaped():
    """The text of the column, cut where it is long; the reasons themselves are kept whole."""
    reason = Reason(code=ReasonCode.EDITED, message="\x1b[2J\u202e" + "y" * 600)
    rows = filled([Verdict(path="a.jpg", verdict=Outcome.IMAGE_CHANGED, reasons=(reason,))])
    assert rows.why(0).startswith("\\x1b[2J\\u202eyyy")
    assert len(rows.why(0)) < 600
    assert rows.verdict(0).reasons == (reason,)


def test_one_thread_packs_while_another_reads():
    """Each reads what belongs to its row."""
    rows = VerdictRows("/x")
    packed = []

    def pack():
        for n in range(300):
            reason = Reason(code=ReasonCode.EDITED, message=f"Reason {n}.")
            verdict = Verdict(path=f"/x/{n}", verdict=Outcome.IMAGE_CHANGED, reasons=(reason,))
            packed.append(rows.pack([verdict]))

    thread = threading.Thread(target=pack)
    thread.start()
    while thread.is_alive() or packed:
        if packed:
            rows.add(packed.pop(0))
            assert rows.why(len(rows) - 1) == f"Reason {len(rows) - 1}."
    thread.join()
    assert len(rows) == 300


def test_the_temporary_file_goes_with_the_rows():
    """No file is left open, which pytest would turn into a failure."""
    rows = filled([Verdict(path="a", verdict=Outcome.IMAGE_CHANGED, reasons=(EDITED,))])
    file = rows._spool._file
    assert not file.closed
    del rows
    gc.collect()
    assert file.closed


def test_few_bytes_a_row():
    """Whatever is wrong with the files: here, each has other reasons."""

    def verdict(n):
        path = f"/archive/{n % 7}/Field_{n:06d}.jpg"
        message = f"The picture was edited in 1 place: rows {n} to {n + 16}. " * 4
        reason = Reason(code=ReasonCode.EDITED, message=message, expected="a" * 71)
        return Verdict(path=path, verdict=Outcome.IMAGE_CHANGED, reasons=(reason,))

    rows = VerdictRows("/archive")
    tracemalloc.start()
    for start in range(0, 20_000, 500):
        rows.add(rows.pack(verdict(n) for n in range(start, start + 500)))
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] / len(rows)
    tracemalloc.stop()
    assert used < 150
