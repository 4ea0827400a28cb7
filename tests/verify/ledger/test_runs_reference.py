"""What a run tells of files against the reference, and how a state becomes one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ledger_archive import INTACT, words
from mutators import moedal_file
from support import codes

import napari_seal
from napari_seal import LedgerError, NothingToCheckError, OptionError


def test_a_steady_archive(check, ledger):
    """Runs over files that stay as they are find them intact, and write no history."""
    for _ in range(3):
        assert words(check()) == INTACT
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert connection.execute("SELECT count(*) FROM history").fetchone() == (0,)
    assert [(r.number, r.state, r.counts) for r in ledger.runs()] == [
        (n, "complete", {"intact": 3}) for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("now", "verdict", "expected"),
    [
        ("b", "substituted", ["not-the-recorded-image"]),
        ("again", "metadata-changed", ["not-the-recorded-seal"]),
        ("worse", "image-changed", ["pixels-mismatch", "not-the-recorded-seal"]),
    ],
)
def test_another_intact_file_at_a_path(check, archive, images, now, verdict, expected):
    """A file that is intact by itself is told from the one that was recorded, run after run."""
    check()
    (archive / "a.jpg").write_bytes(images[now])
    assert napari_seal.check(archive / "a.jpg").intact
    for _ in range(2):
        found = check()["a.jpg"]
        assert (found.verdict, codes(found)) == (verdict, expected)
        assert found.reasons[0].expected != found.reasons[0].found
    (archive / "a.jpg").write_bytes(images["a"])
    assert words(check()) == INTACT


def test_lossless_rewrite_that_was_sealed_again(check, archive, ledger, tracks, tmp_path):
    """The same pixels in other image data are `reencoded`, though the new seal fits them."""
    from napari_seal._format import jpeg
    from napari_seal._seal.embed import embed

    levels = (tracks >> 8).astype(np.uint8)
    import io

    from PIL import Image

    from napari_seal import Window
    from napari_seal._format.pixels import digest_array

    for name, how in (("one.jpg", {}), ("two.jpg", {"progressive": True})):
        encoded = io.BytesIO()
        Image.fromarray(levels).save(encoded, "JPEG", quality=90, **how)
        data, _ = embed(
            encoded.getvalue(), source=digest_array(levels, axes="YX"),
            window=Window(low=0, high=255), quality=90, metadata={}, exif_tags={}, layer=None,
            moedal=False,
        )  # fmt: skip
        (tmp_path / name).write_bytes(data)
    assert jpeg.is_jpeg(data)
    shutil.copy(tmp_path / "one.jpg", archive / "a.jpg")
    check()
    shutil.copy(tmp_path / "two.jpg", archive / "a.jpg")
    found = check()["a.jpg"]
    assert found.verdict == "reencoded"
    assert codes(found) == ["codestream-mismatch", "not-the-recorded-seal"]


def test_a_seal_that_was_stripped(check, archive):
    """A file that had a seal when it was recorded says so, whatever it says by itself."""
    from PIL import Image

    check()
    Image.open(archive / "a.jpg").save(archive / "a.jpg", quality=90)
    found = check()["a.jpg"]
    assert found.verdict == "no-seal"
    assert codes(found)[-1] == "not-the-recorded-seal"
    assert found.reasons[-1].expected.startswith("sha256:")


def test_a_changed_file_stays_what_it_is_and_comes_back(check, archive, ledger):
    """An alarm does not become the reference, and the restored file is intact again."""
    check()
    good = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").write_bytes(good[:-300])
    assert words(check())["a.jpg"] == "truncated"
    assert words(check())["a.jpg"] == "truncated"
    (archive / "a.jpg").write_bytes(good)
    assert words(check()) == INTACT
    events = ledger.history(archive / "a.jpg")
    assert [(e.run, e.verdict) for e in events] == [(1, "intact"), (2, "truncated"), (4, "intact")]


def test_the_first_intact_check_is_the_reference(check, archive, images):
    """What was never intact has no reference yet."""
    (archive / "a.jpg").write_bytes(images["a"][:-300])
    assert words(check())["a.jpg"] == "truncated"
    (archive / "a.jpg").write_bytes(images["b"])
    assert words(check())["a.jpg"] == "intact"
    (archive / "a.jpg").write_bytes(images["a"])
    assert words(check())["a.jpg"] == "substituted"


def test_files_of_the_moedal_function(check, archive, tracks):
    """They are told apart by their pixels."""
    (archive / "a.jpg").write_bytes(moedal_file(tracks, {"detector": "TDR 12"}))
    assert words(check())["a.jpg"] == "intact"
    assert words(check())["a.jpg"] == "intact"
    (archive / "a.jpg").write_bytes(moedal_file(tracks[::-1], {"detector": "TDR 12"}))
    assert words(check())["a.jpg"] == "substituted"


def test_accept(check, archive, ledger, images):
    """A person can make today's state the reference; the history keeps both, and the note."""
    check()
    (archive / "a.jpg").write_bytes(images["d"])
    (archive / "b.jpg").unlink()
    assert words(check()) == {"a.jpg": "substituted", "b.jpg": "missing", "below/c.jpg": "intact"}
    run = ledger.accept([archive / "a.jpg", archive / "b.jpg"], note="new field")
    assert ledger.runs()[-1].kind == "accept"
    assert words(check()) == {"a.jpg": "intact", "below/c.jpg": "intact"}
    events = ledger.history(archive / "a.jpg")
    assert [(e.verdict, e.note) for e in events] == [
        ("intact", None),
        ("substituted", "new field"),
        ("intact", None),
    ]
    assert events[-1].run == run
    assert events[0].source != events[1].source == events[2].source
    (archive / "a.jpg").write_bytes(images["a"])
    assert words(check())["a.jpg"] == "substituted"


def test_only_intact_files_are_accepted(check, archive, ledger):
    """What is altered by itself is refused, and then nothing is accepted."""
    check()
    (archive / "b.jpg").unlink()
    (archive / "a.jpg").write_bytes((archive / "a.jpg").read_bytes()[:-300])
    with pytest.raises(LedgerError, match="truncated by itself"):
        ledger.accept([archive / "b.jpg", archive / "a.jpg"])
    with pytest.raises(LedgerError, match="does not know"):
        ledger.accept(archive / "never.jpg")
    assert len(ledger.runs()) == 1
    assert words(check())["b.jpg"] == "missing"


def test_with_originals(check, archive, tracks, tmp_path):
    """What an original tells is told as without a ledger, and kept like all else."""
    raw = tmp_path / "raw"
    raw.mkdir()
    np.save(raw / "a.npy", tracks)
    np.save(raw / "b.npy", tracks)
    found = check(against=raw)
    assert words(found) == {"a.jpg": "intact", "b.jpg": "substituted", "below/c.jpg": "intact"}
    assert codes(found["a.jpg"]) == ["original-confirmed"]
    assert codes(found["below/c.jpg"]) == ["original-missing"]
    found = check()
    assert words(found) == INTACT
    assert codes(found["a.jpg"]) == []


def test_in_several_processes(archive, ledger, images):
    """The same verdicts come from worker processes."""
    for number in range(300):
        (archive / f"n{number:03}.jpg").write_bytes(images["d"])
    assert len(list(ledger.check_many(archive, jobs=2))) == 303
    (archive / "n007.jpg").write_bytes(images["a"])
    verdicts = list(ledger.check_many(archive, jobs=2))
    assert {Path(v.path).name for v in verdicts if not v.intact} == {"n007.jpg"}


def test_bad_requests(archive, ledger, tmp_path):
    """They are refused at the call, and nothing to check is an error and no run."""
    with pytest.raises(OptionError, match="jobs"):
        ledger.check_many(archive, jobs=0)
    with pytest.raises(OptionError, match="folder"):
        ledger.check_many(archive, against=tmp_path / "nowhere")
    (archive / "empty").mkdir()
    with pytest.raises(NothingToCheckError):
        list(ledger.check_many(archive / "empty"))
    assert ledger.runs() == []
    list(ledger.check_many(archive / "below", jobs=1))
