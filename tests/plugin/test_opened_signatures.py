"""What is said of a signature when a file or a stack is opened, and in Seal details."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.opening.reader import read_layer, read_layers


@pytest.fixture
def signed(signatures, sealed, make_key, tmp_path):
    """Make a file with a signature in some state; Preferences have the list of trusted keys."""

    def make(state, name="a.sealed.jpg"):
        key = make_key("Robot 1", trusted=state != "unknown-key")
        make_key("Robot 9")
        signatures.trust = str(tmp_path / "trust")
        path = sealed(name, key=None if state == "none" else key)
        if state == "revoked":
            text = '[[key]]\nfile = "Robot 1.pub.pem"\nrevoked = 2020-01-01\n'
            (tmp_path / "trust" / "trust.toml").write_text(text)
        if state == "invalid":
            data = path.read_bytes()
            at = data.index(b'"value":"') + 12
            other = b"A" if data[at : at + 1] != b"A" else b"B"
            path.write_bytes(data[:at] + other + data[at + 1 :])
        return str(path)

    return make


@pytest.mark.parametrize(
    ("state", "head", "help_", "heading"),
    [
        ("none", "✓ intact: a", "✓ verified", ""),
        ("trusted", "✓ intact: a", "✓ verified, signed by Robot 1", "✓ Signed by Robot 1, trusted"),
        (
            "unknown-key",
            "✓ intact: a",
            "✓ verified, signature ○ unknown-key",
            "○ Signed with an unknown key, sha256:",
        ),
        (
            "revoked",
            "⚠ signature revoked: a",
            "✓ verified, signature ⚠ revoked",
            "⚠ Signed by Robot 1, whose key is revoked",
        ),
        (
            "invalid",
            "⚠ signature-invalid: a",
            "⚠ signature-invalid",
            "⚠ The signature is invalid",
        ),
    ],
)
def test_each_state_is_told(signed, told, qtbot, state, head, help_, heading):
    """In metadata, the notification, the status bar, and Seal details: calmly where it is calm."""
    layer = read_layer(signed(state))
    assert layer.metadata["seal"]["signature"] == state
    assert (layer.metadata["seal"]["signer"] == "Robot 1") == (state in {"trusted", "revoked"})
    assert told[-1].startswith(head)
    assert layer.help.split(" · ")[0] == help_
    assert layer.name.startswith("⚠ SIGNATURE INVALID") == (state == "invalid")
    viewer = ViewerModel()
    details = SealDetails(viewer)
    qtbot.addWidget(details.native)
    viewer.add_layer(layer)
    assert details.signature.isHidden() == (state == "none")
    assert not heading or details.signature.signed.text().startswith(heading)


def test_where_one_is_required_its_lack_is_told(signed, signatures, told):
    """As a warning; the verdict stays what it is."""
    signatures.required = True
    layer = read_layer(signed("none"))
    assert told[-1].startswith("⚠ signature none: a.sealed.jpg is intact. ⚠ Not signed.")
    assert layer.metadata["seal"]["verdict"] == "intact"


def test_a_broken_list_is_no_reason_not_to_show_a_file(signed, signatures, tmp_path, told):
    """Nobody is trusted then, and a warning says why."""
    path = signed("trusted")
    signatures.trust = str(tmp_path / "gone")
    layer = read_layer(path)
    assert layer.metadata["seal"]["signature"] == "unknown-key"
    assert any(text.startswith("No signer is trusted") for text in told)


def test_a_stack_tells_of_index_and_planes(signatures, make_key, tmp_path, picture, qtbot, told):
    """The index at once; the planes when all were checked."""
    key = make_key()
    signatures.trust = str(tmp_path / "trust")
    napari_seal.seal_stack(np.stack([picture, picture + 1]), tmp_path / "s", axes="ZYX", key=key)
    viewer = ViewerModel()
    details = SealDetails(viewer)
    qtbot.addWidget(details.native)
    (layer,) = read_layers(str(tmp_path / "s.sealed" / "s.sealed.json"))
    assert layer.metadata["seal"]["signature"] == "trusted"
    viewer.add_layer(layer)
    from napari_seal._napari.opening.stack_watch import watch_of

    watch = watch_of(layer)
    watch.attach(viewer)
    qtbot.waitUntil(lambda: watch.final)
    assert layer.metadata["seal"]["stack"]["signatures"] == {"trusted": 2}
    assert layer.help.startswith("✓ all 2 planes verified, signed by Robot 1")
    assert details.signature.meaning.toPlainText() == "Planes: 2 trusted"
