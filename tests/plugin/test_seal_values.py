"""A seal as plain values and as lines for people: all that they ask for, and nothing hidden."""

from __future__ import annotations

import json

import napari_seal
from napari_seal._format.legacy import MoedalSeal
from napari_seal._napari.layers.seal_values import metadata_lines, seal_lines, seal_values


def test_every_value_is_plain(sealed):
    """JSON has a form for all, and what is changed in the layer does not change the seal."""
    seal = napari_seal.check(str(sealed(metadata={"stage": {"x": [1, 2]}}))).seal
    values = seal_values(seal)
    json.dumps(values, allow_nan=False)
    assert values["metadata"] == {"stage": {"x": [1, 2]}}
    assert values["metadata"]["stage"] is not seal.metadata["stage"]
    assert values["identity"] == seal.identity
    assert values["source_shape"] == [96, 128]


def test_lines_in_the_order_of_interest(sealed):
    """Identity first, digests last."""
    seal = napari_seal.check(str(sealed())).seal
    lines = dict(seal_lines(seal_values(seal) | {"signature": "none"}))
    assert list(lines)[:3] == ["Identity", "Sealed", "Signature"]
    assert lines["Signature"] == "none"
    assert lines["Sealed"].endswith(" UTC")
    assert lines["JPEG quality"] == "90"
    assert lines["Record"] == str(seal.record)


def test_old_and_missing_seals():
    """A file of the MoEDAL function has a digest only; one without a seal has no line."""
    lines = dict(seal_lines(seal_values(MoedalSeal(pixels="ab", metadata={"run": 1}))))
    assert lines["Format"] == "MoEDAL (sha244)"
    assert lines["Pixels"] == "ab"
    assert list(seal_lines({"verdict": "no-seal", "signature": "none"})) == []
    assert list(metadata_lines({})) == []


def test_hostile_text_is_shown_as_escapes():
    """And a time that is none as it stands."""
    entry = {"version": 1, "created": "yester\x1bday", "software": "x\u202ey", "signature": "new"}
    lines = dict(seal_lines(entry))
    assert lines["Sealed"] == "yester\\x1bday"
    assert lines["Software"] == "x\\u202ey"
    assert lines["Signature"] == "new"
    ((name, value),) = metadata_lines({"metadata": {"a\n": {"b": "\u202e"}}})
    assert (name, value) == ("a\\n", '{"b": "\\u202e"}')
