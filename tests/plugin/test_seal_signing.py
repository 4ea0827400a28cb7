"""The line of "Seal layer..." that says who signs."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal import Signature
from napari_seal._napari.saving.seal_widget import SealWidget


@pytest.fixture
def seal_widget(signatures, qtbot, picture, tmp_path):
    """The widget, with one layer and a name in a folder of the test."""
    viewer = ViewerModel()
    viewer.add_image(picture, name="p")
    made = SealWidget(viewer)
    qtbot.addWidget(made.native)
    made.target.value = tmp_path / "p.sealed.jpg"
    return made


def test_without_a_key_it_says_so(seal_widget):
    """Before and after."""
    assert seal_widget.signing.sign.text() == "not signed: no key is chosen"
    assert not seal_widget.signing.sign.isEnabled()
    seal_widget.seal()
    assert "Not signed" in seal_widget.result.text()


def test_it_follows_preferences(seal_widget, signatures, make_key, tmp_path):
    """The name of the signer where the key is in the list of trusted ones, else its fingerprint."""
    key = make_key()
    signatures.key = str(key)
    assert seal_widget.signing.sign.text().startswith("sign as sha256:")
    signatures.trust = str(tmp_path / "trust")
    assert seal_widget.signing.sign.text() == "sign as Robot 1"
    assert seal_widget.signing.sign.isChecked()
    seal_widget.seal()
    assert "✓ Signed as Robot 1" in seal_widget.result.text()
    verdict = napari_seal.check(tmp_path / "p.sealed.jpg", trust=tmp_path / "trust")
    assert verdict.signature is Signature.TRUSTED


def test_a_long_name_does_not_widen_the_dock(seal_widget, signatures, make_key, tmp_path):
    """It is cut beside the tick; whole in the tooltip, and in what is said of the file."""
    name = "The second robot of the third microscope in the cellar"
    key = make_key(name)
    signatures.trust = str(tmp_path / "trust")
    signatures.key = str(key)
    assert seal_widget.signing.sign.text() == "sign as The second robot of the…"
    assert seal_widget.signing.sign.toolTip() == f"sign as {name}: {key}"
    seal_widget.seal()
    assert f"✓ Signed as {name}" in seal_widget.result.text()


def test_an_earlier_result_does_not_stand_below_a_refusal(
    seal_widget, signatures, make_key, tmp_path, answer_passphrases
):
    """Whoever reads the last line only would take the second file for sealed."""
    seal_widget.seal()
    assert "✓ Sealed" in seal_widget.result.text()
    signatures.key = str(make_key(passphrase="secret"))
    seal_widget.target.value = tmp_path / "q.sealed.jpg"
    answer_passphrases(None)
    assert seal_widget.seal() is None
    assert "was not given" in seal_widget.problem.text()
    assert not seal_widget.result.text()


def test_one_file_can_be_saved_without(seal_widget, signatures, make_key, tmp_path):
    """The tick is taken away; Preferences stay as they are."""
    signatures.key = str(make_key())
    seal_widget.signing.sign.click()
    seal_widget.seal()
    assert napari_seal.check(tmp_path / "p.sealed.jpg").signature is Signature.NONE
    assert signatures.key


def test_a_key_is_chosen_in_a_dialog(seal_widget, signatures, make_key, answer_dialog):
    """It is kept in Preferences, and can be taken out again."""
    key = make_key()
    answer_dialog(key)
    seal_widget.signing.choose.trigger()
    assert signatures.key == str(key)
    seal_widget.signing.no_key.trigger()
    assert signatures.key == ""
    assert not seal_widget.signing.sign.isChecked()


def test_a_passphrase_is_asked_for_when_it_is_needed(
    seal_widget, signatures, make_key, tmp_path, answer_passphrases
):
    """Cancel leaves no file and says why; then the name of the signer is known."""
    signatures.trust = str(tmp_path / "trust")
    signatures.key = str(make_key(passphrase="secret"))
    (tmp_path / "trust").mkdir(exist_ok=True)
    assert seal_widget.signing.sign.text() == "sign with the key Robot 1.pem"
    answer_passphrases(None, "secret")
    assert seal_widget.seal() is None
    assert "was not given" in seal_widget.problem.text()
    assert not (tmp_path / "p.sealed.jpg").exists()
    assert seal_widget.seal() is not None
    assert seal_widget.signing.sign.text() == "sign as Robot 1"


def test_a_key_that_is_gone_is_said_before_the_button(seal_widget, signatures, tmp_path):
    """And pressing it saves nothing."""
    signatures.key = str(tmp_path / "gone.pem")
    assert "Cannot sign: the key" in seal_widget.signing.problem.text()
    assert not seal_widget.signing.problem.isHidden()
    assert seal_widget.seal() is None
    assert not (tmp_path / "p.sealed.jpg").exists()


def test_closed_it_follows_no_more(seal_widget, signatures, make_key):
    """The dock was closed: nothing of it is touched."""
    seal_widget._close()
    signatures.key = str(make_key())
    assert seal_widget.signing.sign.text() == "not signed: no key is chosen"
