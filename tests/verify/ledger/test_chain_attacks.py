"""The chain of runs: whatever is done to it, and to the states that it vouches for, shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_archive import edit

from napari_seal import Ledger

_ATTACKS = {
    "counts edited": (
        "UPDATE runs SET counts = '{\"intact\": 3}' WHERE id = 2",
        "Run 2 is not what link 2 says of it: counts differs",
    ),
    "time edited": (
        "UPDATE runs SET begun = begun - 86400 WHERE id = 3",
        "Run 3 is not what link 3 says of it: begun differs",
    ),
    "note edited": (
        'UPDATE runs SET parameters = \'{"note": ""}\' WHERE id = 4',
        "Run 4 is not what link 4 says of it: parameters differs",
    ),
    "folders edited": ("DELETE FROM scopes WHERE run = 2", "link 2 says of it: folders differs"),
    "run removed": (
        "DELETE FROM runs WHERE id = 2",
        "Run 2, which link 2 is about, was removed",
    ),
    "run and link removed": (
        "DELETE FROM links WHERE run = 2; DELETE FROM runs WHERE id = 2",
        "Link 2 of the chain is gone",
    ),
    "removed and renumbered": (
        (
            "DELETE FROM links WHERE run = 2; DELETE FROM runs WHERE id = 2; "
            "UPDATE links SET number = number - 1 WHERE number > 2"
        ),
        "The chain is broken at link 2",
    ),
    "first run removed": (
        (
            "DELETE FROM links WHERE run = 1; DELETE FROM runs WHERE id = 1; "
            "UPDATE links SET number = number - 1"
        ),
        "The chain is broken at link 1",
    ),
    "links exchanged": (
        (
            "UPDATE links SET number = -2 WHERE number = 2; UPDATE links SET number = 2 WHERE "
            "number = 3; UPDATE links SET number = 3 WHERE number = -2"
        ),
        "The chain is broken at link 2",
    ),
    "link cut": ("UPDATE links SET text = substr(text, 1, 50) WHERE number = 3", "Link 3"),
    "link spelt otherwise": (
        "UPDATE links SET text = replace(text, ',\"run\"', ', \"run\"') WHERE number = 3",
        "The chain is broken at link 3",
    ),
    "run put in": (
        (
            "INSERT INTO runs (id, kind, state, begun, ended, parameters, counts, software) SELECT "
            "99, kind, state, begun, ended, parameters, counts, software FROM runs WHERE id = 1"
        ),
        "Run 99 has no link",
    ),
    "last link removed": ("DELETE FROM links WHERE number = 6", "Run 6 has no link"),
    "history edited": (
        "UPDATE history SET verdict = 'intact' WHERE verdict = 'truncated'",
        "Run 2 is not what link 2 says of it: changes differs",
    ),
    "history removed": ("DELETE FROM history WHERE run = 2", "Run 2 is not what link 2 says"),
    "history of digests edited": (
        (
            "UPDATE history SET digests = (SELECT digests FROM history WHERE run = 1 LIMIT 1) "
            "WHERE run = 3"
        ),
        "Run 3 is not what link 3 says of it: changes differs",
    ),
    "state edited": (
        "UPDATE files SET record = zeroblob(32) || x'02' WHERE path = CAST('d.jpg' AS BLOB)",
        "Run 3 is not what link 3 says of it: changes differs",
    ),
    "path edited": (
        "UPDATE files SET path = CAST('e.jpg' AS BLOB) WHERE path = CAST('d.jpg' AS BLOB)",
        "Run 3 is not what link 3 says of it: changes differs",
    ),
    "state of another run": (
        "UPDATE files SET since = 1 WHERE path = CAST('d.jpg' AS BLOB)",
        "Run 1 is not what link 1 says of it: states and changes differ",
    ),
    "state of no run": (
        "UPDATE files SET since = 77 WHERE path = CAST('d.jpg' AS BLOB)",
        "Run 3 is not what link 3 says of it: states and changes differ",
    ),
    "file removed": (
        "DELETE FROM history; DELETE FROM heads; DELETE FROM files WHERE id = 4",
        "is not what link",
    ),
    "no longer expected": (
        "UPDATE files SET expected = 0 WHERE path = CAST('d.jpg' AS BLOB)",
        "whether the file d.jpg is expected is not what its states say",
    ),
    "expected again": (
        "UPDATE files SET expected = 1 WHERE path = CAST('b.jpg' AS BLOB)",
        "whether the file b.jpg is expected",
    ),
    "no reference": (
        "UPDATE files SET referenced = NULL WHERE path = CAST('d.jpg' AS BLOB)",
        "the reference of the file d.jpg is not the state that it must be",
    ),
    "reference of another run": (
        "UPDATE files SET referenced = 3 WHERE path = CAST('a.jpg' AS BLOB)",
        "the reference of the file a.jpg is not the state that it must be",
    ),
    "another ledger's identity": (
        "UPDATE about SET value = zeroblob(16) WHERE key = 'identity'",
        "The chain is broken at link 1",
    ),
    "no identity": ("DELETE FROM about WHERE key = 'identity'", "it has no identity"),
    "other types": ("UPDATE runs SET begun = 'then' WHERE id = 2", "damaged"),
    "bytes where a text belongs": ("UPDATE runs SET kind = x'00' WHERE id = 2", "damaged"),
    "links of other types": ("UPDATE links SET text = x'00' WHERE number = 2", "Link 2"),
    "joined digests damaged": ("UPDATE history SET digests = x'ff'", "is not what link"),
}


@pytest.mark.parametrize(("statements", "problem"), _ATTACKS.values(), ids=_ATTACKS)
def test_what_is_edited_shows(busy, statements, problem):
    """A run that was removed, edited, moved or put in is named, and so is a state of a file."""
    edit(busy, *statements.split("; "))
    found = busy.check()
    assert not found.agrees
    assert problem in found.problems[0]


def test_an_alarm_that_was_silenced(check, archive, images, ledger):
    """A reference that was made that of an exchanged file shows, also after later runs."""
    check()
    (archive / "a.jpg").write_bytes(images["b"])
    assert check()["a.jpg"].verdict == "substituted"
    assert ledger.check().agrees
    edit(
        ledger,
        *(
            f"UPDATE files SET {name} = (SELECT {name} FROM files WHERE path = CAST('b.jpg' AS "
            "BLOB)) WHERE path = CAST('a.jpg' AS BLOB)"
            for name in ("codestream", "record", "source", "pixels")
        ),
    )
    for _ in range(2):
        found = ledger.check()
        assert "the reference of the file a.jpg is not" in found.problems[0]
        assert check()["a.jpg"].verdict == "intact"


def test_a_file_that_was_to_be_forgotten(check, archive, images, ledger):
    """One whose reference was taken out, to be made anew, shows as well."""
    check()
    edit(ledger, "UPDATE files SET referenced = NULL WHERE path = CAST('a.jpg' AS BLOB)")
    (archive / "a.jpg").write_bytes(images["b"])
    assert check()["a.jpg"].verdict == "intact"
    assert "a later reference than its first" in ledger.check().problems[0]


def test_the_last_runs_show_only_beside_their_head(busy, tmp_path):
    """Without them the chain fits; a head that was noted down before says what is missing."""
    before = busy.check()
    edit(busy, "DELETE FROM links WHERE run = 6", "DELETE FROM runs WHERE id = 6",
         "DELETE FROM seen WHERE run = 6", "DELETE FROM scopes WHERE run = 6")  # fmt: skip
    assert busy.check().agrees
    found = busy.check(head=before.head)
    assert "runs were removed" in found.problems[0]
    assert not found.agrees


def test_a_damaged_database_is_told(busy):
    """What SQLite's own check finds is a problem of the ledger."""
    busy.close()
    data = bytearray(Path(busy.path).read_bytes())
    place = data.index(b"d.jpg")
    data[place - 40 : place + 400] = bytes(440)
    Path(busy.path).write_bytes(data)
    with Ledger.open(busy.path, read_only=True) as ledger:
        found = ledger.check()
    assert not found.agrees
    assert any("SQLite" in problem or "damaged" in problem for problem in found.problems)
