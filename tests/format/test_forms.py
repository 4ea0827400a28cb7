"""Forms of records: what one matches is a valid record, and read as the long way reads it."""

from __future__ import annotations

import random
import re

import mutators as m
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import sealed_bytes

from napari_seal._format import forms, layout, record
from napari_seal._format.forms import Forms, make_form

#: These are compared with digests, whatever stands there.
COMPARED = ("codestream", "exif", "record")
HEX = re.compile(rb"[0-9a-f]{64}")
IMAGE = np.arange(4096, dtype="uint16").reshape(64, 64)
RECORDS = {
    "usual": {"metadata": {"sample": "TDR 12", "z": [3, -1.5e-7], "on": True, "none": None}},
    "plain": {"metadata": {}},
    "odd": {"metadata": {'a"b\\': '\u20ac"', "n": [10**30, {"seal": {"version": 2}}], "a:": "x"}},
    "layer": {"metadata": {"z": 1}, "layer": {"name": "a", "scale": [0.5, 1], "in": {"k": "v"}}},
}


def text_of(options: dict[str, object]) -> bytes:
    """The record of a sealed file."""
    return m.record_text(sealed_bytes(IMAGE, **options))


def form_of(text: bytes) -> re.Pattern[bytes]:
    """Its form."""
    found = layout.recognise(text)
    assert found is not None
    (form,) = make_form(text, re.sub(rb"[0-9a-f]{8}", b"[0-9a-f]{8}", found.tags))
    return form


def assert_sound(form: re.Pattern[bytes], text: bytes) -> bool:
    """What the form matches can be read, and its digests are those that it says."""
    match = form.fullmatch(text)
    if match is None or not all(HEX.fullmatch(match[name]) for name in COMPARED):
        return False
    seal = record.parse(record.load(text))
    assert seal.codestream.hex.encode() == match["codestream"]
    assert seal.scan.hex.encode() == match["scan"]
    assert seal.pixels.digest.hex.encode() == match["pixels"]
    assert seal.exif.digest.hex.encode() == match["exif"]
    assert seal.record is not None
    assert seal.record.hex.encode() == match["record"]
    return True


@pytest.mark.parametrize("name", RECORDS)
def test_a_form_matches_its_record(name: str) -> None:
    """And finds in it what the other way finds."""
    text = text_of(RECORDS[name])
    form = form_of(text)
    assert assert_sound(form, text)
    match = form.fullmatch(text)
    assert match is not None
    assert match.groups() == layout.recognise(text)
    assert tuple(form.groupindex) == layout.Layout._fields


@pytest.mark.parametrize(
    ("metadata", "matches"),
    [
        ({"sample": "", "z": [-17, 1e30], "on": True, "none": None}, True),
        ({"sample": "TDR 12", "z": [3, -1.5e-7], "on": False, "none": None}, False),
        ({"sample": "TDR 12", "z": [3, -1.5e-7, 1], "on": True, "none": None}, False),
        ({"sample": "TDR 12", "Z": [3, -1.5e-7], "on": True, "none": None}, False),
        ({"sample": "a\nb", "z": [3, -1.5e-7], "on": True, "none": None}, False),
        ({"sample": 1, "z": [3, -1.5e-7], "on": True, "none": None}, False),
    ],
)
def test_values_may_differ(metadata: dict[str, object], matches: bool) -> None:
    """Plain texts and numbers are free; their kind, keys, constants and nesting are not."""
    form = form_of(text_of(RECORDS["usual"]))
    assert assert_sound(form, text_of({"metadata": metadata})) == matches


@pytest.mark.parametrize("name", RECORDS)
def test_no_edit_makes_a_form_match_what_cannot_be_read(name: str) -> None:
    """Each character replaced, left out or preceded by one that means something in JSON."""
    text = text_of(RECORDS[name])
    form = form_of(text)
    start = text.index(b'"data":"') + 16
    same = range(start, text.index(b'"', start) - 8)  # the middle of the fingerprint
    matched = 0
    for at in sorted({*range(len(text))} - {*same}):
        for new in b"0", b"1", b"-", b".", b"e", b"a", b"\x00", b"\n", b"\x80", *JSON:
            matched += assert_sound(form, text[:at] + new + text[at + 1 :])
            matched += assert_sound(form, text[:at] + new + text[at:])
        matched += assert_sound(form, text[:at] + text[at + 1 :])
    assert matched > 500


JSON = (b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ")
PARTS = (*JSON, b"null", b"1", b"-0.5e+3", b'"a"', b'"a":', b'"seal":{"version":1,', b"]]", b"{}")


@given(
    name=st.sampled_from(sorted(RECORDS)),
    seed=st.integers(0, 2**32),
    number=st.integers(1, 6),
)
def test_random_edits(name: str, seed: int, number: int) -> None:
    """Several at once, in the user's keys and around them."""
    text, draw = TEXTS[name], random.Random(seed)
    for _ in range(number):
        at = draw.randrange(min(len(text), 400))
        text = text[:at] + draw.choice(PARTS) + text[at + draw.randrange(3) :]
    assert_sound(FORMS[name], text)


TEXTS = {name: text_of(options) for name, options in RECORDS.items()}
FORMS = {name: form_of(text) for name, text in TEXTS.items()}


@pytest.mark.parametrize(
    ("json", "other"),
    [
        (b"123456789012345678901234567890", b"12-7"),
        (b"1e999", b"1e998"),
        (b"12345678901234567890", b"0012345678901234567890"),
        (b'{"a" : "b"}', b'{"c" : "b"}'),
        (b'{"a"\n:1,"b"\t:2}', b'{"b"\n:1,"b"\t:2}'),
        (b'["\\"",1]', b'["\\",1]'),
        (b"[true]", b"[1]"),
    ],
)
def test_what_is_spelt_unusually_stays_as_it_is(json: bytes, other: bytes) -> None:
    """Numbers that are too long, keys with spaces behind them, texts with escapes, constants."""
    pattern = forms._generalised(json)
    assert re.fullmatch(pattern, json)
    assert re.fullmatch(pattern, other) is None


def test_a_form_is_made_when_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some records without one; and what is found with it is the same."""
    monkeypatch.setattr(forms, "_WORTH", 3)
    text = b"..." + TEXTS["usual"] + b"..."
    known = Forms(re.sub(rb"[0-9a-f]{8}", b"[0-9a-f]{8}", layout.recognise(text[3:-3]).tags))
    made = []
    for _ in range(6):
        assert known.recognise(text, 3, len(text) - 3) == layout.recognise(text[3:-3])
        made.append(len(known._forms))
    assert made == [0, 0, 0, 1, 1, 1]
    assert known.recognise(text, 2, len(text) - 3) is None
    assert known.recognise(text, 3, len(text) - 2) is None
    assert known.recognise(text, 3, len(text) + 9) is None


def test_other_tags_are_not_taken() -> None:
    """Forms are those of records with certain tags."""
    text = TEXTS["usual"]
    assert Forms(b"").recognise(text, 0, len(text)) is None


def test_records_of_all_forms_do_not_make_ever_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an archive without two alike, forms are made less and less often, and few are kept."""
    monkeypatch.setattr(forms, "_WORTH", 2)
    text = TEXTS["plain"]
    known = Forms(re.sub(rb"[0-9a-f]{8}", b"[0-9a-f]{8}", layout.recognise(text).tags))
    for number in range(300):
        other = b'{"%d":1,%b' % (number, text[1:])
        other = other.replace(b'"keys":{', b'"keys":{"%d":"n1:00000000"' % number)
        assert known.recognise(other, 0, len(other)) is not None
        assert len(known._forms) <= forms._MOST
    assert 1 < known._made < 20


def test_long_records_get_no_form() -> None:
    """A pattern of many keys would take long to make."""
    text = text_of({"metadata": {f"key {number}": number for number in range(400)}})
    assert layout.recognise(text) is not None
    assert make_form(text, b"") == ()
