"""Lists of trusted keys: folders and TOML files, and what they say of a signature."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from napari_seal import Trust, TrustedKey
from napari_seal._trust.key_files import write_key_files
from napari_seal._trust.keys import PublicKey, SigningKey
from napari_seal._trust.trusted import default_folder
from napari_seal.errors import TrustError

KEYS = [PublicKey(bytes([n]) * 32) for n in range(1, 4)]
NOON = "2026-06-01T12:00:00.000Z"


def write_list(folder: Path, *entries: str) -> Path:
    path = folder / "trusted.toml"
    path.write_text("".join(f"[[key]]\n{entry}\n" for entry in entries), encoding="utf-8")
    return path


def entry(more: str = "", *, name: str = "Robot 1", key: PublicKey = KEYS[0]) -> str:
    return f'name = "{name}"\npublic = "{key.text}"\n{more}'


def test_a_key_in_the_list_is_trusted_by_its_name(tmp_path):
    """One that is not in it is unknown, and has no name."""
    trust = Trust.load(write_list(tmp_path, entry()))
    assert trust.judge(KEYS[0], NOON) == ("trusted", "Robot 1")
    assert trust.judge(KEYS[1], NOON) == ("unknown-key", None)
    assert Trust().judge(KEYS[0], NOON) == ("unknown-key", None)


@pytest.mark.parametrize(
    ("more", "created", "state"),
    [
        ("valid_from = 2026-06-01", "2026-05-31T23:59:59.999Z", "expired"),
        ("valid_from = 2026-06-01", "2026-06-01T00:00:00Z", "trusted"),
        ("valid_until = 2026-06-02", "2026-06-01T23:59:59.999Z", "trusted"),
        ("valid_until = 2026-06-02", "2026-06-02T00:00:00Z", "expired"),
        ("valid_until = 2026-06-01T14:00:00+02:00", NOON, "expired"),
        ("valid_until = 2026-06-01T14:00:01+02:00", NOON, "trusted"),
        ("revoked = 2026-06-01T12:00:00Z", NOON, "revoked"),
        ("revoked = 2026-06-01T12:00:01Z", NOON, "trusted"),
        ("revoked = 2026-06-01\nvalid_until = 2026-05-01", NOON, "revoked"),
        ("compromised = true", "1999-01-01T00:00:00Z", "revoked"),
        ("compromised = false", "no time at all", "trusted"),
        ("valid_from = 1970-01-01", "no time at all", "expired"),
        ("valid_from = 1970-01-01", "2026-06-01T12:00:00", "expired"),
        ("revoked = 9999-01-01", "2026-06-01T12:00:00", "revoked"),
    ],
)
def test_times_are_compared_with_those_of_the_seal(tmp_path, more, created, state):
    """The first moment of a period is inside, the last outside; a day begins at midnight UTC."""
    trust = Trust.load(write_list(tmp_path, entry(more)))
    assert trust.judge(KEYS[0], created) == (state, "Robot 1")


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "no key"),
        ([entry('until = "x"')], "'until'"),
        ([entry(), entry(name="Robot 2")], "same key"),
        ([entry(), entry(key=KEYS[1])], "two keys have the name"),
        ([entry('valid_from = "2026-01-01"')], "without quotation marks"),
        ([entry("valid_from = 2026-01-01T08:00:00")], "no offset"),
        ([entry("valid_from = 08:00:00")], "is a date"),
        ([entry("valid_from = 0001-01-01T00:00:00+23:59")], "beyond the years"),
        ([entry("revoked = 9999-12-31T23:59:59-23:59")], "beyond the years"),
        ([entry("valid_from = 2026-02-01\nvalid_until = 2026-02-01")], "is not before"),
        ([entry("compromised = 1")], "true or false"),
        ([entry(name="")], "'name'"),
        ([entry(name="\\u202egpj")], "do not show"),
        ([entry(name="x" * 101)], "'name'"),
        (['name = "a"'], "either"),
        ([entry('file = "a.pem"')], "either"),
        (['file = "a.pem"'], "in a folder"),
        (['name = "a"\npublic = "AAAA"'], "key 1 (a): 'AAAA'"),
        (['name = "a"\npublic = 3'], "is a text"),
        ([f'public = "{KEYS[0].text}"'], "'name'"),
        (["valid_from = 2026-02-30"], "not TOML"),
        (['a = "'], "not TOML"),
    ],
)
def test_a_list_with_something_wrong_is_refused(tmp_path, entries, problem):
    """With the path, the entry and what to write: a list is read wholly or not at all."""
    path = write_list(tmp_path, *entries)
    with pytest.raises(TrustError) as refused:
        Trust.load(path)
    text = str(refused.value)
    assert problem.replace("'AAAA'", "AAAA") in text
    assert str(path) in text


@pytest.mark.parametrize(
    "content",
    [
        *(b"\xff", b"keys = 1", b"key = 1", b"key = [1]", b"a=" + b"[" * 100_000),
        *(b"#\n" * 2_000_001, b"key" + b".a" * 1_000_000 + b" = 1"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path, content):
    """Whatever is in it: other bytes, other keys, nesting without end, too much of it."""
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    with pytest.raises(TrustError):
        Trust.load(path)


def test_a_folder_of_keys_needs_no_list(tmp_path):
    """Each key has the name of its file, and is always valid."""
    for number, name in enumerate(["robot1.pub.pem", "Robot 2.PEM"]):
        (tmp_path / name).write_text(KEYS[number].pem)
    (tmp_path / "notes.txt").write_text("not a key")
    trust = Trust.load(tmp_path)
    assert [entry.name for entry in trust.keys] == ["Robot 2", "robot1"]
    assert trust.judge(KEYS[0], "") == ("trusted", "robot1")


def test_a_list_in_the_folder_says_more_of_its_keys(tmp_path):
    """By the name of the file, or by the key; the other keys are as they would be without it."""
    for number, name in enumerate(["a.pem", "b.pem", "c.pem"]):
        (tmp_path / name).write_text(KEYS[number].pem)
    text = f'[[key]]\nfile = "a.pem"\ncompromised = true\n[[key]]\n{entry(key=KEYS[1])}'
    (tmp_path / "trust.toml").write_text(text)
    trust = Trust.load(tmp_path)
    assert trust.judge(KEYS[0], NOON) == ("revoked", "a")
    assert trust.judge(KEYS[1], NOON) == ("trusted", "Robot 1")
    assert trust.judge(KEYS[2], NOON) == ("trusted", "c")


@pytest.mark.parametrize("name", ["../a.pem", "/a.pem", "x\\a.pem", "c:a.pem", "..", "", "no.pem"])
def test_files_elsewhere_are_not_read(tmp_path, name):
    """A list names files of its own folder alone, which must be there."""
    (tmp_path / "a.pem").write_text(KEYS[0].pem)
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "trust.toml").write_text(f"[[key]]\nfile = '{name}'\n")
    with pytest.raises(TrustError):
        Trust.load(folder)


def test_a_private_key_among_the_trusted_is_refused(tmp_path):
    """It does not belong there, and the message says what it is."""
    key = SigningKey.generate()
    write_key_files(key, tmp_path / "a.pem", tmp_path / "a.pub.pem")
    with pytest.raises(TrustError, match="private key"):
        Trust.load(tmp_path)
    (tmp_path / "a.pem").unlink()
    assert Trust.load(tmp_path).judge(key.public, NOON) == ("trusted", "a")
    assert Trust.load(tmp_path / "a.pub.pem").judge(key.public, NOON) == ("trusted", "a")


def test_one_key_in_two_files_is_refused(tmp_path):
    """It would have two names."""
    for name in ("a.pem", "b.pem"):
        (tmp_path / name).write_text(KEYS[0].pem)
    with pytest.raises(TrustError, match="same key"):
        Trust.load(tmp_path)


@pytest.mark.parametrize("name", ["", "gone", "gone.pem"])
def test_an_empty_folder_or_a_missing_path_is_refused(tmp_path, name):
    """Nothing to trust is told, not taken for a list."""
    with pytest.raises(TrustError):
        Trust.load(tmp_path / name)


def test_the_default_is_what_the_environment_names(tmp_path, monkeypatch):
    """Else the user's own folder, and without it nobody is trusted."""
    monkeypatch.setenv("NAPARI_SEAL_TRUST", str(write_list(tmp_path, entry())))
    assert Trust.default().judge(KEYS[0], NOON) == ("trusted", "Robot 1")
    monkeypatch.setenv("NAPARI_SEAL_TRUST", str(tmp_path / "gone"))
    with pytest.raises(TrustError):
        Trust.default()

    monkeypatch.delenv("NAPARI_SEAL_TRUST")
    for variable in ("XDG_CONFIG_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    folder = Path(default_folder())
    if not folder.is_relative_to(tmp_path):
        pytest.skip("the system does not take the folder from the environment")
    assert Trust.default() == Trust()
    folder.mkdir(parents=True)
    assert Trust.default() == Trust()
    (folder / "robot.pub.pem").write_text(KEYS[1].pem)
    assert Trust.default().judge(KEYS[1], NOON) == ("trusted", "robot")


@pytest.mark.parametrize("name", ["Trust.toml", "revoked.toml", "trust.toml.txt"])
def test_a_list_of_another_name_is_not_passed_over(tmp_path, name):
    """Its author believes that it counts, and keys that it revokes would be trusted."""
    (tmp_path / "a.pem").write_text(KEYS[0].pem)
    (tmp_path / name).write_text('[[key]]\nfile = "a.pem"\ncompromised = true\n')
    with pytest.raises(TrustError, match=name):
        Trust.load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("listed", [False, True])
def test_a_pipe_among_the_keys_is_not_waited_for(tmp_path, listed):
    """Nor is a folder taken for a key."""
    os.mkfifo(tmp_path / ("a" if listed else "a.pem"))
    if listed:
        (tmp_path / "trust.toml").write_text('[[key]]\nfile = "a"\n')
    with pytest.raises(TrustError, match=r"'a(\.pem)?' is no file"):
        Trust.load(tmp_path)


def test_a_key_has_the_name_of_its_file_whatever_its_ending(tmp_path):
    """Only the endings of key files are left out of it."""
    (tmp_path / "robot.key").write_text(KEYS[0].pem)
    (tmp_path / "trust.toml").write_text('[[key]]\nfile = "robot.key"\n')
    assert Trust.load(tmp_path).keys[0].name == "robot.key"


@pytest.mark.parametrize("field", ["valid_from", "valid_until", "revoked"])
def test_a_time_without_an_offset_is_no_moment(field):
    """It is refused at once, and not when the first signature is judged by it."""
    with pytest.raises(TrustError, match="no offset"):
        TrustedKey(name="a", key=KEYS[0], **{field: datetime(2026, 1, 1)})  # noqa: DTZ001


def test_lists_that_say_the_same_are_the_same(tmp_path):
    """Whatever the order; any other word in one makes another of it, and an empty one has none."""
    entries = [TrustedKey(name="a", key=KEYS[0]), TrustedKey(name="b", key=KEYS[1])]
    same = Trust(tuple(entries)).identity
    assert Trust(tuple(entries[::-1])).identity == same
    others = {
        Trust((entries[0], replace(entries[1], **change))).identity
        for change in (
            {"name": "c"},
            {"key": KEYS[2]},
            {"compromised": True},
            {"revoked": datetime(2026, 1, 1, tzinfo=UTC)},
            {"valid_until": datetime(2026, 1, 1, tzinfo=UTC)},
        )
    }
    assert len(others | {same, Trust().identity}) == 7
    assert Trust().identity == ""


def test_a_list_travels_to_other_processes(tmp_path):
    """Also one that was used."""
    trust = Trust.load(write_list(tmp_path, entry()))
    trust.judge(KEYS[0], NOON)
    assert pickle.loads(pickle.dumps(trust)).judge(KEYS[0], NOON) == ("trusted", "Robot 1")
