"""What a run tells: against the reference, against the last run, and at its end."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutators import moedal_file

import napari_seal
from napari_seal import (
    Ledger,
    LedgerError,
    NothingToCheckError,
    OptionError,
    PublicKey,
    SigningKey,
    Trust,
    TrustedKey,
)

INTACT = {"a.jpg": "intact", "b.jpg": "intact", "below/c.jpg": "intact"}


def words(verdicts):
    return {path: str(verdict.verdict) for path, verdict in verdicts.items()}


def codes(verdict):
    return [str(reason.code) for reason in verdict.reasons]


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


def test_missing(check, archive, ledger):
    """A file that is gone is told by every run until it is back, and counts."""
    check()
    good = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").unlink()
    for _ in range(2):
        found = check()
        assert words(found) == INTACT | {"a.jpg": "missing"}
        assert codes(found["a.jpg"]) == ["file-missing"]
    assert ledger.runs()[-1].counts == {"intact": 2, "missing": 1}
    assert [Path(entry.path).name for entry in ledger.missing()] == ["a.jpg"]
    (archive / "a.jpg").write_bytes(good)
    assert words(check()) == INTACT
    assert list(ledger.missing()) == []


def test_a_named_file_that_is_gone_is_missing(check, archive):
    """Where the ledger knows it; another path that is not there is `unreadable`."""
    check()
    (archive / "a.jpg").unlink()
    found = check([archive / "a.jpg", archive / "never.jpg"])
    assert words(found) == {"a.jpg": "missing", "never.jpg": "unreadable"}


def test_missing_is_told_within_the_scope_only(check, archive):
    """A run says nothing about folders that it did not search."""
    check()
    (archive / "a.jpg").unlink()
    (archive / "below" / "c.jpg").rename(archive / "below" / "c.txt")
    (archive / "below" / "new.jpg").write_bytes((archive / "b.jpg").read_bytes())
    assert words(check(archive, recursive=False)) == {"a.jpg": "missing", "b.jpg": "intact"}
    assert words(check(archive / "below")) == {
        "below/c.jpg": "missing",
        "below/new.jpg": "intact",
    }


def test_a_stopped_run_says_nothing_about_missing(check, archive, ledger):
    """Only a run that has seen all there is may say that something is not there."""
    check()
    (archive / "a.jpg").unlink()
    run = ledger.check_many(archive, jobs=1)
    assert next(run).verdict == "intact"
    run.close()
    assert list(ledger.missing()) == []
    assert [run.state for run in ledger.runs()] == ["complete", "unfinished"]
    assert words(check())["a.jpg"] == "missing"
    assert [run.state for run in ledger.runs()] == ["complete", "stopped", "complete"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_hides_nothing_missing(check, archive):
    """Nothing is known about the files in it."""
    check()
    (archive / "below").chmod(0)
    try:
        assert words(check()) == {"a.jpg": "intact", "b.jpg": "intact", "below": "unreadable"}
    finally:
        (archive / "below").chmod(0o755)


def test_moved(check, archive, ledger):
    """A file under another name is the one that was there; neither is missing."""
    check()
    (archive / "a.jpg").rename(archive / "below" / "z.jpg")
    found = check()
    assert words(found) == {"b.jpg": "intact", "below/c.jpg": "intact", "below/z.jpg": "intact"}
    assert codes(found["below/z.jpg"]) == ["moved"]
    assert (found["below/z.jpg"].reasons[0].expected, found["below/z.jpg"].reasons[0].found) == (
        "a.jpg",
        "below/z.jpg",
    )
    found = check()
    assert codes(found["below/z.jpg"]) == []
    assert [(e.verdict, e.reasons) for e in ledger.history(archive / "a.jpg")] == [
        ("intact", ()),
        ("missing", ("moved",)),
    ]
    assert ledger.history(archive / "below" / "z.jpg")[0].reasons == ("moved",)
    (archive / "below" / "z.jpg").unlink()
    assert words(check())["below/z.jpg"] == "missing"


def test_copied_and_extra(check, archive, images):
    """A second file of a known seal is a copy, one of an unknown seal is an extra file."""
    check()
    shutil.copy(archive / "a.jpg", archive / "z.jpg")
    (archive / "new.jpg").write_bytes(images["d"])
    (archive / "again.jpg").write_bytes(images["again"])
    found = check()
    assert codes(found["z.jpg"]) == ["copied"]
    assert codes(found["new.jpg"]) == codes(found["again.jpg"]) == ["extra"]
    assert found["new.jpg"].verdict == "intact"
    assert [codes(v) for v in check().values()] == [[]] * 6


def test_two_copies_of_one_moved_file(check, archive):
    """One of them is where it went, the other is a copy."""
    check()
    data = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").unlink()
    (archive / "x.jpg").write_bytes(data)
    (archive / "y.jpg").write_bytes(data)
    found = check()
    assert sorted(codes(found["x.jpg"]) + codes(found["y.jpg"])) in (
        ["extra", "moved"], ["copied", "moved"],
    )  # fmt: skip
    assert "a.jpg" not in found


def test_a_damaged_file_is_not_taken_for_a_moved_one(check, archive):
    """Only an intact file proves by its seal which one it is: the other stays missing."""
    check()
    data = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").unlink()
    (archive / "x.jpg").write_bytes(data[:-300])
    found = check()
    assert found["a.jpg"].verdict == "missing"
    assert (found["x.jpg"].verdict, codes(found["x.jpg"])[-1]) == ("truncated", "extra")


def test_folders_that_were_not_searched_before_hold_nothing_extra(archive, tmp_path):
    """A ledger may be filled folder by folder."""
    with Ledger.open(tmp_path / "ledger.db", create=True, root=archive) as ledger:
        for folder in (archive / "below", archive, archive):
            assert [codes(v) for v in ledger.check_many(folder, jobs=1) if v.reasons] == []


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


def test_resume_checks_nothing_twice(check, archive, ledger, images):
    """Verdicts of the first part are passed on as they were; the rest is checked."""
    for number in range(1200):
        (archive / f"n{number:04}.jpg").write_bytes(images["d"])
    run = ledger.check_many(archive, jobs=1)
    first = [next(run) for _ in range(3)]
    run.close()
    with closing(sqlite3.connect(ledger.path)) as connection:
        done = {bytes(p) for (p,) in connection.execute("SELECT path FROM files")}
    assert 3 <= len(done) < 1200
    for number in range(1200):  # whatever is checked now is not intact
        (archive / f"n{number:04}.jpg").write_bytes(images["d"][:-300])
    found = check(resume=True)
    assert len(found) == 1203
    expected = {
        path: "intact" if path.encode() in done or path in INTACT else "truncated" for path in found
    }
    assert words(found) == expected
    assert [v.path for v in found.values()][:3] == [v.path for v in first]
    assert [(r.number, r.state) for r in ledger.runs()] == [(1, "complete")]
    assert sum(ledger.runs()[0].counts.values()) == 1203


def test_resume_needs_the_same_request(check, archive, ledger):
    """A run over other folders, or with other options, is not gone on with."""
    check()
    run = ledger.check_many(archive, jobs=1)
    next(run)
    run.close()
    with pytest.raises(LedgerError, match="other folders, options or trusted keys"):
        check(archive / "below", resume=True)
    with pytest.raises(LedgerError, match="other folders, options or trusted keys"):
        check(full=True, resume=True)
    with pytest.raises(LedgerError, match="or trusted keys"):
        check(trust=Trust((TrustedKey(name="a", key=PublicKey(bytes([1]) * 32)),)), resume=True)
    assert words(check(resume=True)) == INTACT
    assert words(check(resume=True)) == INTACT  # nothing to go on with: a new run
    assert [r.number for r in ledger.runs()] == [1, 2, 3]


def test_resume_passes_reasons_and_regions_on(check, archive, ledger, images):
    """Stored verdicts are those that were given, all but the seal and the scores."""
    check()
    (archive / "a.jpg").write_bytes(images["a"][:-300])
    shutil.copy(archive / "b.jpg", archive / "z.jpg")
    run = ledger.check_many(archive, jobs=1)
    first = {v.path: v for v in [next(run) for _ in range(3)]}
    run.close()
    again = {v.path: v for v in ledger.check_many(archive, jobs=1, resume=True)}
    assert len(again) == 4
    for path, verdict in first.items():
        assert again[path].as_dict() == verdict.as_dict()
    assert codes(again[str(archive / "z.jpg")]) == ["copied"]


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


def test_odd_names(check, archive, ledger, images):
    """Names with newlines, tabs, and bytes that are no Unicode are kept as they are."""
    odd = [b"new\nline.jpg", b"t\tab.jpg", b"\xff\xfe.jpg", b"x" * 251 + b".jpg", b" .jpg"]
    folder = os.fsencode(archive)
    for name in odd:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(images["d"])
    assert set(check()) == {*INTACT, *(os.fsdecode(name) for name in odd)}
    os.unlink(os.path.join(folder, odd[2]))
    found = check()
    assert [path for path, v in found.items() if not v.intact] == [os.fsdecode(odd[2])]
    assert len(ledger.history(os.path.join(folder, odd[0]))) == 1


def test_a_ledger_in_the_archive_is_no_file_of_it(archive):
    """Named with all that lies in its folder, it is passed over."""
    path = archive / "ledger.db"
    with Ledger.open(path, create=True) as ledger:
        for _ in range(2):
            paths = sorted(archive.iterdir())
            assert path in paths
            verdicts = list(ledger.check_many([*paths, path], jobs=1))
            assert {str(v.verdict) for v in verdicts} == {"intact"}


def test_archive_and_ledger_moved_together(archive, tmp_path):
    """A ledger beside its archive finds it where both are now."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        list(ledger.check_many(archive, jobs=1))
    (tmp_path / "elsewhere").mkdir()
    shutil.move(archive, tmp_path / "elsewhere" / "archive")
    shutil.move(tmp_path / "ledger.db", tmp_path / "elsewhere" / "ledger.db")
    moved = tmp_path / "elsewhere" / "archive"
    with Ledger.open(tmp_path / "elsewhere" / "ledger.db") as ledger:
        (moved / "a.jpg").unlink()
        verdicts = list(ledger.check_many(moved, jobs=1))
    assert sorted(str(v.verdict) for v in verdicts) == ["intact", "intact", "missing"]


def test_archive_mounted_elsewhere(archive, tmp_path):
    """`root` says where it is now; without it, paths outside are refused with what to do."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        list(ledger.check_many(archive, jobs=1))
    (tmp_path / "mnt").mkdir()
    moved = tmp_path / "mnt" / "other"
    shutil.move(archive, moved)
    with (
        Ledger.open(tmp_path / "ledger.db") as ledger,
        pytest.raises(LedgerError, match="--ledger-root"),
    ):
        ledger.check_many(moved, jobs=1)
    with Ledger.open(tmp_path / "ledger.db", root=moved) as ledger:
        verdicts = list(ledger.check_many(moved / "below", jobs=1))
        assert [str(v.verdict) for v in verdicts] == ["intact"]
        assert [e.run for e in ledger.history(moved / "below" / "c.jpg")] == [1]
        assert ledger.root == str(moved)


def test_through_a_link(archive, ledger, tmp_path):
    """A folder that is named by a link to it is the same folder."""
    list(ledger.check_many(archive, jobs=1))
    (tmp_path / "link").symlink_to(archive)
    (archive / "a.jpg").unlink()
    verdicts = {Path(v.path).name: v for v in ledger.check_many(tmp_path / "link", jobs=1)}
    assert {name: str(v.verdict) for name, v in verdicts.items()} == {
        "a.jpg": "missing", "b.jpg": "intact", "c.jpg": "intact",
    }  # fmt: skip
    assert verdicts["a.jpg"].path == str(tmp_path / "link" / "a.jpg")
    assert codes(verdicts["b.jpg"]) == []


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


def test_the_run_that_would_be_gone_on_with(archive, ledger, tmp_path):
    """It is told for the same folders and options only, and not where there is none."""
    assert ledger.unfinished(archive) is None
    run = ledger.check_many(archive, jobs=1, recursive=False)
    next(run)
    run.close()
    waiting = ledger.unfinished(archive, recursive=False)
    assert waiting is not None
    assert (waiting.number, waiting.state) == (1, "unfinished")
    assert ledger.unfinished([archive], recursive=False) == waiting
    assert ledger.unfinished(archive) is None
    assert ledger.unfinished(archive, recursive=False, full=True) is None
    assert ledger.unfinished(archive / "below", recursive=False) is None
    assert ledger.unfinished([], recursive=False) is None
    with pytest.raises(LedgerError, match="is not in"):
        ledger.unfinished(tmp_path)
    list(ledger.check_many(archive, jobs=1, recursive=False, resume=True))
    assert ledger.unfinished(archive, recursive=False) is None


def test_what_a_run_found_of_signatures_is_not_passed_on_by_another_list(check, archive, ledger):
    """A key that was revoked while the run waited is not trusted when it is gone on with."""
    key = SigningKey.generate()
    image = np.arange(4096, dtype="uint16").reshape(64, 64)
    for number in range(3):
        napari_seal.seal(image, archive / f"s{number}.jpg", key=key)
    entry = TrustedKey(name="robot", key=key.public)
    before, after = Trust((entry,)), Trust((replace(entry, compromised=True),))
    run = ledger.check_many(archive, jobs=1, trust=before)
    next(run)
    run.close()
    assert ledger.unfinished(archive, trust=before) is not None
    assert ledger.unfinished(archive, trust=after) is None
    assert ledger.unfinished(archive) is None
    with pytest.raises(LedgerError, match="or trusted keys"):
        check(resume=True, trust=after)
    found = check(trust=after)
    assert {found[f"s{number}.jpg"].signature for number in range(3)} == {"revoked"}
