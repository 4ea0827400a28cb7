"""The short way to `intact`: it says what the long way says, or nothing."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import pickle
import time
from collections.abc import Callable
from dataclasses import replace

import mutators as m
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_vectors import segment
from support import sealed_bytes

from napari_seal import Outcome, Seal, StackPlace, Verdict, check
from napari_seal._format import exif, forms
from napari_seal._format.layout import recognise
from napari_seal._verify.check import check_bytes
from napari_seal._verify.quick import prove
from napari_seal._verify.steps import check_image

IMAGE = np.arange(4096, dtype="uint16").reshape(64, 64)


#: A place in a stack.
PLACE = StackPlace(id="0123456789abcdef" * 2, axes=("T", "Z"), shape=(10, 31), index=(3, 12))

#: Keys in the middle of the record that a text might be mistaken for.
DEEP = {"a": {"created": "", "seal": {"version": 1}}}


def both_ways(data: bytes) -> Verdict | None:
    """What the short way finds; where it finds something, the long way must find the same."""
    short = prove(data, "a.jpg")
    if short is not None:
        long = check_image(data, "a.jpg")
        assert short == long
        assert short.reasons == ()
        assert short.intact
    return short


KINDS = ["gray", "rgb", "both", "large", "large-rgb", "progressive", "restarts"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sealed_goes_the_short_way(kind: str, sealed: dict[str, bytes]) -> None:
    """Gray, colour, progressive, with the MoEDAL digest."""
    assert both_ways(sealed[kind]) is not None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metadata": {}},
        {"metadata": {"µ": '\u20ac\ud83d\ude00\\"', 'a"b\\': [[1.5e-300, -0.0, 10**30], None]}},
        {
            "metadata": {
                "seal ": {"seal": {"version": 1, "x": 1}},
                'x,"seal":': ',"seal":{"version":1,',
            }
        },
        {"layer": {"name": 'n},"created":"', "scale": [0.5, 0.5], "deep": DEEP}},
        {"window": (0, 1e30), "quality": 1},
        {"window": (-1.5e-7, 2**53 + 1)},
        {"exif": {"Make": "Zeiss", "ExposureTime": (1, 250), "GPSAltitude": (5, 2), "ISOSpeed": 3}},
        {"place": PLACE},
        {"place": PLACE, "layer": {"name": '},"stack":{', "scale": [1, 1]}},
        {"place": replace(PLACE, axes=("T", 'µ"\\'))},
    ],
)
def test_whatever_may_be_sealed_goes_the_short_way(options: dict[str, object]) -> None:
    """Keys and texts of all kinds, layers, windows and tags."""
    data = sealed_bytes(IMAGE, **options)
    verdict = both_ways(data)
    assert verdict is not None
    assert isinstance(verdict.seal, Seal)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
# Names with braces go the long way: rare, and the pattern stays one that takes linear time.
NAMES = st.text().filter(lambda name: not {*"{}"} & {*name} and name not in {"seal", "sha244"})


@given(
    metadata=st.dictionaries(NAMES, JSON, max_size=4),
    layer=st.none() | st.dictionaries(NAMES, JSON, max_size=3),
)
def test_all_metadata_go_the_short_way(metadata: dict[str, object], layer: object) -> None:
    """Whatever JSON the user and the viewer store."""
    assert both_ways(sealed_bytes(IMAGE[:8, :8], metadata=metadata, layer=layer)) is not None


def closed(edit: Callable[[bytes], bytes]) -> m.Mutator:
    """Change the record's text, and close it with its digest again: a seal that agrees."""

    def mutate(text: bytes) -> bytes:
        before = edit(text[: text.rindex(b',"record":')])
        digest = hashlib.sha256(before).hexdigest().encode()
        return b'%s,"record":"sha256:%s"}}' % (before, digest)

    return m.edit_text(mutate)


def put(old: bytes, new: bytes) -> m.Mutator:
    """Replace what must be there, and close the record."""

    def edit(text: bytes) -> bytes:
        assert old in text
        return text.replace(old, new, 1)

    return closed(edit)


CREATED, START = b',"created":', b'"seal":{'
STACK = (
    b',"stack":{"id":"0123456789abcdef0123456789abcdef","axes":["T","Z"],"shape":[10,31],'
    b'"index":[%b]}'
)
# Seals whose digests all agree: valid or not, spelt as usual or not.
ODD = {
    "untouched": closed(lambda text: text),
    "a key of the user twice": put(b"{", b'{"a":1,"a":2,'),
    "a key of the user twice, spelt in two ways": put(b"{", b'{"a":1,"\\u0061":2,'),
    "the key seal twice": put(b"{", b'{"seal":{"version":1,"x":1},'),
    "the key seal twice, spelt in two ways": put(b"{", b'{"s\\u0065al":1,'),
    "no object but a list": put(b"{", b'["x",'),
    "a text before": put(b"{", b'"{",'),
    "an unclosed text before": put(b"{", b'{"a":"'),
    "no comma before the seal": put(b',"seal":{', b'"seal":{'),
    "a brace closed too early": put(b',"seal":{', b'},"seal":{'),
    "spaces": put(START, b' "seal" : {'),
    "a number that is none": put(b"{", b'{"a":NaN,'),
    "a number beyond floats": put(b"{", b'{"a":1e999,'),
    "a number with a leading zero": put(b"{", b'{"a":01,'),
    "nesting without end": put(b"{", b'{"a":' + b"[" * 70 + b"]" * 70 + b","),
    "nesting at the limit": put(b"{", b'{"a":' + b"[" * 63 + b"]" * 63 + b","),
    "nesting above the limit": put(b"{", b'{"a":' + b"[" * 64 + b"]" * 64 + b","),
    "a control character": put(b'"created":"', b'"created":"\x01'),
    "a character beyond ASCII": put(b'"created":"', b'"created":"\xc3\xa9'),
    "an escape": put(b'"created":"', b'"created":"\\u0041'),
    "a bad escape": put(b'"data":"', b'"data":"\\q'),
    "a control character in the fingerprint": put(b'"data":"', b'"data":"\n'),
    "a length that is negative": put(b'"length":', b'"length":-'),
    "a length that is a fraction": put(b'"length":', b'"length":1.'),
    "a quality that is true": put(b'"quality":90', b'"quality":true'),
    "a quality of zero and more": put(b'"quality":90', b'"quality":090'),
    "a window without an end": put(b'"high":', b'"high":1e999,"was":'),
    "a window beyond floats": put(b'"high":', b'"high":9e999,"high":'),
    "a key of the seal twice": put(CREATED, b',"quality":90,"created":'),
    "an unknown key": put(CREATED, b',"later":{"a":1},"created":'),
    "version 2": put(b'"version":1', b'"version":2'),
    "version 1.0": put(b'"version":1', b'"version":1.0'),
    "a scan in capitals": put(b'"scan":"sha256:', b'"scan":"sha256:A'),
    "an unknown algorithm": put(b'"scan":"sha256:', b'"scan":"md5:'),
    "a check value twice": put(b'"keys":{', b'"keys":{"sample":"s1:00000000",'),
    "a check value that is none": put(b'"keys":{', b'"keys":{"b":"x","sample":"s1:00000000",'),
    "check values in another order": put(b'"keys":{', b'"keys":{"b":"s1:00000000",'),
    "software twice": put(b'"software":{', b'"software":{"Pillow":"1",'),
    "software that is a number": put(b'"software":{', b'"software":{"a":1,'),
    "a tag twice": put(b'"tags":{', b'"tags":{"IFD0:0x0131":"7fb28444",'),
    "a tag that is none": put(b'"tags":{', b'"tags":{"x":"7fb28444",'),
    "a layer that is a list": put(CREATED, b',"layer":[{}],"created":'),
    "a layer twice": put(CREATED, b',"layer":{},"layer":{},"created":'),
    "a layer with a key twice": put(CREATED, b',"layer":{"a":1,"a":1},"created":'),
    "a layer closed too early": put(CREATED, b',"layer":{}},"x":{"created":'),
    "a layer too deep": put(CREATED, b',"layer":{"a":' + b"[" * 62 + b"]" * 62 + b'},"created":'),
    "a place": put(CREATED, STACK % b"3,12" + CREATED),
    "a place outside": put(CREATED, STACK % b"3,31" + CREATED),
    "a place of three numbers": put(CREATED, STACK % b"3,12,0" + CREATED),
    "a place that is true": put(CREATED, STACK % b"3,true" + CREATED),
    "a place with a key twice": put(CREATED, STACK % b'3,12],"index":[3,12' + CREATED),
    "a place with an object in it": put(CREATED, STACK % b'3,12],"later":[{}' + CREATED),
    "a place with braces in a text": put(CREATED, STACK % b'3,12],"a":["}"' + CREATED),
    "a place closed too early": put(CREATED, STACK % b"3,12" + b"}" + CREATED),
    "a place twice": put(CREATED, 2 * (STACK % b"3,12") + CREATED),
    "a place before the layer": put(CREATED, STACK % b"3,12" + b',"layer":{}' + CREATED),
    "a signature": m.edit_text(lambda text: text[:-2] + b',"signature":"x"}}'),
    "a brace behind": m.edit_text(lambda text: text + b"}"),
    "spaces behind": m.edit_text(lambda text: text + b"  "),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_seals_whose_digests_agree(name: str) -> None:
    """A seal that is malformed is so at once, though nobody asks for what it holds."""
    data = ODD[name](sealed_bytes(IMAGE, metadata={"sample": "TDR 12", "z": 3}))
    both_ways(data)
    verdict = check_bytes(data, "a.jpg")
    assert verdict == check_image(data, "a.jpg")
    if verdict.verdict is Outcome.INTACT:
        assert verdict.seal is not None


@pytest.mark.parametrize("name", ODD)
def test_odd_seals_after_those_of_an_archive(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files like those before them are known by their form; odd ones are not taken for such."""
    monkeypatch.setattr(forms, "_WORTH", 0)
    known = forms.forms_with(TAGS)
    monkeypatch.setattr(known, "_forms", ())
    for sample in "TDR 12", "TDR 13":
        assert both_ways(sealed_bytes(IMAGE, metadata={"sample": sample, "z": 3})) is not None
    assert len(known._forms) > 0
    both_ways(ODD[name](sealed_bytes(IMAGE, metadata={"sample": "TDR 14", "z": 3})))


TAGS = exif.spelling((exif.SOFTWARE, ("ExifIFD", 0x9000), exif.IMAGE_UNIQUE_ID)).pattern


def test_the_table_has_seals_of_all_sorts() -> None:
    """Otherwise the test above would compare nothing with nothing."""
    whole = sealed_bytes(IMAGE, metadata={"sample": "TDR 12", "z": 3})
    outcomes = {name: check_bytes(mutate(whole), "").verdict for name, mutate in ODD.items()}
    assert outcomes["untouched"] == "intact"
    assert prove(ODD["untouched"](whole), "") is not None
    assert outcomes["version 2"] == outcomes["an unknown algorithm"] == "seal-unsupported"
    assert list(outcomes.values()).count(Outcome.SEAL_MALFORMED) > 20


BESIDE = {
    "a comment": m.insert_before(m.DQT, segment(m.COM, b"x")),
    "a comment before the scan": m.insert_before(m.SOS, segment(m.COM, b"x")),
    "a byte behind": lambda data: data + b"\0",
    "an end behind": lambda data: data + b"\xff\xd9",
    "a fill byte": m.insert_before(m.DQT, b"\xff"),
    "another packet": m.insert_before(m.DQT, segment(m.APP1, m.XMP + b"<x/>")),
    "no packet": m.remove(m.APP1, m.XMP),
    "no JFIF": m.remove(m.APP0),
    "a tag added": m.tag("0th", 0x0110, b"Zeiss"),
    "a tag changed": m.tag("0th", 0x0131, b"Other"),
    "a tag removed": m.drop("Exif", 0xA420),
    "another identity": m.tag("Exif", 0xA420, b"0" * 32),
    "an Adobe segment": m.insert_before(m.DQT, segment(m.APP14, b"Adobe\0\x64\0\0\0\0\0")),
}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("kind", ["gray", "rgb"])
def test_what_was_added_takes_the_long_way(name: str, kind: str, sealed: dict[str, bytes]) -> None:
    """The short way knows no reasons, so it never hides one."""
    data = BESIDE[name](sealed[kind])
    assert prove(data, "a.jpg") is None
    harmless = {"a fill byte", "no JFIF"}
    assert bool(check_bytes(data, "a.jpg").reasons) == (name not in harmless)


def test_density_may_be_edited(sealed: dict[str, bytes]) -> None:
    """The JFIF segment's density is sealed by nothing, as before."""
    assert both_ways(m.flip_in(m.APP0, 9)(sealed["gray"])) is not None


def test_no_flipped_bit_of_the_head_is_overlooked(sealed: dict[str, bytes]) -> None:
    """What may differ says nothing: version and density of JFIF, unused words of Exif."""
    data = sealed["both"]
    head = m.find(data, m.SOS)[1]
    passed = [at for at in range(head) if both_ways(m.flip(data, at)) is not None]
    assert set(range(11, 20)) <= set(passed)
    assert len(passed) < 20


@pytest.mark.parametrize(
    "part",
    [
        b'},"layer":{',
        b'},"stack":{},',
        b'},"stack":{"axes":[',
        b'},"created":"',
        b'"seal":{"version":1,',
        b'"a":"',
        b'},"created":"","software":{',
    ],
)
def test_hostile_records_take_no_time(part: bytes) -> None:
    """The pattern is tried in linear time, whatever begins to look like a seal again and again."""
    whole = m.record_text(sealed_bytes(IMAGE, layer={"name": "x"}))
    at = whole.index(b',"layer":{') + len(b',"layer":{')
    text = whole[:at] + part * (60_000 // len(part)) + whole[at:-1]
    start = time.process_time()
    assert recognise(text) is None
    assert time.process_time() - start < 0.2


# -------------------------------------------------------------------------------- the lazy seal


def raw(verdict: Verdict) -> object:
    """What a verdict keeps of the seal."""
    return verdict.__getstate__()[3]  # type: ignore[operator]


def test_a_verdict_reads_its_seal_when_asked(sealed: dict[str, bytes]) -> None:
    """Until then it keeps the text; equality, copies and `replace` see a seal."""
    first, second = (prove(sealed["gray"], "a.jpg") for _ in range(2))
    assert first is not None
    assert second is not None
    assert isinstance(raw(first), bytes)
    moved = dataclasses.replace(first, path="b.jpg")
    assert isinstance(moved.seal, Seal)
    assert moved.seal is first.seal is first.seal
    assert first == second == copy.deepcopy(first) == copy.copy(second)
    assert repr(first) == repr(second)
    assert "seal" not in repr(first)
    assert dataclasses.asdict(second)["seal"]["quality"] == 90
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.seal = None  # type: ignore[misc]


def test_pickled_verdicts_are_small(sealed: dict[str, bytes]) -> None:
    """Processes exchange the text, never the seal made from it."""
    verdict = check_bytes(sealed["gray"], "a.jpg")
    data = pickle.dumps(verdict, protocol=5)
    text = m.record_text(sealed["gray"])
    assert len(data) < len(text) + 300
    back = pickle.loads(data)
    assert isinstance(raw(back), bytes)
    assert back == verdict


def test_fields_keep_their_defaults() -> None:
    """The class can be made by hand as before."""
    assert Verdict(path="a", verdict=Outcome.NO_SEAL).seal is None
    assert {field.name: field.default for field in dataclasses.fields(Verdict)}["seal"] is None


def test_check_and_prove_agree_on_the_path(tmp_path: object, sealed: dict[str, bytes]) -> None:
    """The path is the one that was given."""
    path = f"{tmp_path}/a.jpg"
    with open(path, "wb") as file:
        file.write(sealed["gray"])
    assert check(path) == prove(sealed["gray"], path)
