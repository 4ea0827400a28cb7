"""Which of the user's keys changed, and what their values were."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from mutators import edit_exif, edit_seal, edit_text, record_text, reseal
from support import sealed_bytes

from napari_seal import Reason
from napari_seal._format.keys import KeyCheck, check_of
from napari_seal._verify.change.user_keys import recover
from napari_seal._verify.check import check_bytes

IMAGE = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32)
METADATA = {
    "detector": "TDR 12",
    "dose": 1.5,
    "note": "a text of some length",
    "list": [1, 2, 3],
    "run": {"id": 7},
    "ok": True,
    "nothing": None,
    "time": 1_730_000_000_123_456_789,
}


@pytest.fixture(scope="module")
def file() -> bytes:
    """A sealed file with a key of each kind."""
    return sealed_bytes(IMAGE, metadata=METADATA)


def with_metadata(data: bytes, metadata: dict[str, Any]) -> bytes:
    """The user's metadata replaced, the seal as it was."""

    def edit(text: bytes) -> bytes:
        body = {**metadata, "seal": json.loads(text)["seal"]}
        return json.dumps(body, separators=(",", ":")).encode()

    return edit_text(edit)(data)


def reasons(data: bytes) -> list[Reason]:
    """Of the verdict, which is `metadata-changed`."""
    verdict = check_bytes(data, "a")
    assert verdict.verdict == "metadata-changed"
    return list(verdict.reasons)


MISMATCH = "The metadata, or the seal itself, are not what was sealed"


@pytest.mark.parametrize(
    ("key", "value", "says", "expected", "found"),
    [
        ("detector", "TDR 13", "it held a text of 6 characters, by its check value \"TDR 12\"",
         '"TDR 12"', '"TDR 13"'),
        ("detector", "tdr 12", "by its check value \"TDR 12\"", '"TDR 12"', '"tdr 12"'),
        ("detector", "holiday", "it held a text of 6 characters.", "a text of 6 characters",
         '"holiday"'),
        ("dose", 9.9, "it held a number of 3 characters, by its check value 1.5", "1.5", "9.9"),
        ("dose", "Größe", "by its check value 1.5", "1.5", '"Größe"'),
        ("time", 5, "it held a number of 19 characters.", "a number of 19 characters", "5"),
        ("ok", False, "it held true, by its check value.", "true", "false"),
        ("ok", None, "it held true, by its check value.", "true", "null"),
        ("nothing", 0, "it held null, by its check value.", "null", "0"),
        ("list", [1, 2], "it held a list of 3 items.", "a list of 3 items", "[1, 2]"),
        ("run", {"id": 8}, "it held an object of 1 key.", "an object of 1 key", '{"id": 8}'),
    ],
)  # fmt: skip
def test_a_changed_key_is_named_with_what_it_held(
    key: str, value: Any, says: str, expected: str, found: str, file: bytes
) -> None:
    """The value itself where few were possible, else its kind and size."""
    first, last = reasons(with_metadata(file, METADATA | {key: value}))
    assert (first.code, last.code) == ("metadata-key-changed", "record-mismatch")
    assert first.message.startswith(f"The metadata key '{key}' was changed: ")
    assert says in first.message
    assert (first.expected, first.found) == (expected, found)
    assert last.message == MISMATCH + "."


def test_keys_removed_and_added_are_named(file: bytes) -> None:
    """Renaming a key is both."""
    renamed = {("doze" if key == "dose" else key): value for key, value in METADATA.items()}
    removed, added, last = reasons(with_metadata(file, renamed))
    assert (removed.code, added.code) == ("metadata-key-removed", "metadata-key-added")
    assert removed.message == (
        "The metadata key 'dose' was removed: it held a number of 3 characters, by its check value "
        "1.5."
    )
    assert (removed.expected, removed.found) == ("1.5", None)
    assert added.message == "The metadata key 'doze' was added after sealing."
    assert (added.expected, added.found) == (None, "1.5")
    assert last.code == "record-mismatch"


def test_keys_that_agree_are_said_to_agree(file: bytes) -> None:
    """The seal was changed, or spaces: the user's keys are cleared of it."""
    for data in (
        edit_seal(lambda seal: seal.update(quality=91))(file),
        edit_text(lambda text: text.replace(b'"dose":', b'"dose": '))(file),
        edit_text(lambda text: text.replace(b'"dose":1.5', b'"dose":1.50'))(file),
    ):
        (reason,) = reasons(data)
        assert reason.code == "record-mismatch"
        assert reason.message == MISMATCH + (
            ": each of the user's keys agrees with its check value."
        )


def test_a_record_written_anew_still_names_its_keys(file: bytes) -> None:
    """Other software sorted the keys: the sealed text is gone, the check values are not."""

    def sort(text: bytes) -> bytes:
        return json.dumps(json.loads(text), sort_keys=True).encode()

    (reason,) = reasons(edit_text(sort)(file))
    assert reason.code == "record-rewritten"
    assert "agrees with its check value" in reason.message
    changed = edit_text(lambda text: sort(text).replace(b"TDR 12", b"TDR 13"))(file)
    assert [r.code for r in reasons(changed)] == ["metadata-key-changed", "record-rewritten"]


def test_a_seal_without_check_values_says_that_it_cannot_tell(file: bytes) -> None:
    """They are optional."""
    bare = reseal(lambda seal: seal.pop("keys") and None)(file)
    assert check_bytes(bare, "a").reasons == ()
    (reason,) = reasons(with_metadata(bare, METADATA | {"dose": 2.5}))
    assert reason.message == MISMATCH + "; which of the two, this seal does not tell."


def test_numbers_beyond_floats_are_a_change_and_no_error(file: bytes) -> None:
    """1e999 is JSON; Python reads it as infinite, which JSON cannot hold."""
    first, _ = reasons(edit_text(lambda t: t.replace(b'"dose":1.5', b'"dose":1e999'))(file))
    assert (first.code, first.expected) == ("metadata-key-changed", "1.5")
    deep = edit_text(lambda t: t.replace(b'"list":[1,', b'"list":[-1e999,'))(file)
    assert reasons(deep)[0].code == "metadata-key-changed"


def test_a_comment_in_unicode_with_umlauts_is_still_read(file: bytes) -> None:
    """ExifTool stores a comment with an umlaut in UTF-16: the key is named, not the seal lost."""
    for encoding in ("utf-16-be", "utf-16-le"):
        text = record_text(file).decode().replace("TDR 12", "Größe \U0001f52c")
        value = b"UNICODE\0" + text.encode(encoding)
        data = edit_exif(lambda tags, value=value: tags["Exif"].update({0x9286: value}))(file)
        first, last = reasons(data)
        assert (first.code, last.code) == ("metadata-key-changed", "record-mismatch")
        assert first.found == '"Größe \U0001f52c"'
    same = b"UNICODE\0" + record_text(file).decode().encode("utf-16-be")
    data = edit_exif(lambda tags: tags["Exif"].update({0x9286: same}))(file)
    assert check_bytes(data, "a").verdict == "intact"


def test_hostile_keys_are_escaped_and_cut(file: bytes) -> None:
    """Names and values from the file are shown in one line of bounded length."""
    key, value = "\x1b[2J" + "k" * 500, "\u202e\n" + "v" * 5000
    first, _ = reasons(with_metadata(file, METADATA | {key: value}))
    assert first.message.isprintable()
    assert (first.found or "").isprintable()
    assert len(first.message) + len(first.found or "") < 300


def test_many_changed_keys_are_counted_and_cost_little() -> None:
    """A dozen are named; thousands of keys and the dearest guesses stay within seconds."""
    sealed = {f"k{number}": 9000 + number % 999 for number in range(1500)}
    data = sealed_bytes(IMAGE, metadata=sealed)
    # Numbers of four characters that are none of a check value's: all 20,736 are tried.
    data = edit_seal(lambda seal: seal.update(keys=dict.fromkeys(seal["keys"], "n4:00000000")))(
        data
    )
    before = time.process_time()
    found = reasons(data)
    assert time.process_time() - before < 8  # 0.7 s where nothing else runs
    assert [r.code for r in found[:-1]] == ["metadata-key-changed"] * 13
    assert found[12].message == "1,488 further metadata keys changed."


# ------------------------------------------------------------------------------- guessing values


@pytest.mark.parametrize("value", [0, 7, -3, 1.5, 0.25, -0.5, 9999, 12.5, -999])
def test_short_numbers_are_recovered(value: float) -> None:
    """Whatever stands there now."""
    for present in (None, "x", 3):
        assert recover(check_of(value), present) == (value,)


@pytest.mark.parametrize("value", [True, False, None, "", [], {}])
def test_the_few_possible_values_are_recovered(value: Any) -> None:
    """With their type: a tuple of one, since the value can be None."""
    found = recover(check_of(value), "something")
    assert found is not None
    assert found == (value,)
    assert type(found[0]) is type(value)


@pytest.mark.parametrize(
    "present",
    ["TDR 13", "TDR 1", "DR 12", "TDR 122", " TDR 12", "TRD 12", "tdr 12", "Tdr 12", "TDR  12",
     "TDÄ 12", "TDR 21"],
)  # fmt: skip
def test_one_slip_in_a_text_is_undone(present: str) -> None:
    """A letter replaced, lost, doubled, put in or swapped with the next; capitals."""
    assert recover(check_of("TDR 12"), present) == ("TDR 12",)


@pytest.mark.parametrize(
    ("sealed", "present"),
    [("TDR 12", "TDR 34"), ("TDR 12", None), ("TDR 12", 12), ("TDR 12", "x" * 81), (12345, 12346),
     (1e-300, 1e-301), ([1], [2]), ({"a": 1}, {}), ("ab", "")],
)  # fmt: skip
def test_where_much_is_possible_nothing_is_guessed(sealed: Any, present: Any) -> None:
    """Two slips, long numbers, lists: no guess is better than a wrong one."""
    assert recover(check_of(sealed), present) is None


def test_hostile_check_values_cost_nothing() -> None:
    """Sizes that a file claims do not decide how long is searched."""
    before = time.process_time()
    for kind in "snblao":
        assert recover(KeyCheck(kind, 999_999_999, "0" * 8), "x" * 80) is None
    assert time.process_time() - before < 0.5
