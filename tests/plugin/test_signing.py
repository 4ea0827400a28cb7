"""Saving with the key of Preferences: asked once, kept where it was said, and never unsigned."""

from __future__ import annotations

import os
import sys
import threading

import keyring
import numpy as np
import pytest
from keyring.backends.null import Keyring as NullKeyring
from napari.layers import Image

import napari_seal
from napari_seal import Signature
from napari_seal._napari.saving import keyring_store
from napari_seal._napari.saving.layers_writer import write_layers
from napari_seal._napari.saving.signing import forget_keys, preferred_key, signing_key
from napari_seal._napari.saving.writer import write_labels, write_lossless, write_sealed
from napari_seal.errors import KeyFileError, MissingPackageError, PassphraseError


@pytest.fixture
def save(tmp_path, picture):
    """Save a picture as napari's writer does; returns its path."""

    def save(name="z", write=write_sealed, data=picture):
        data, meta, _ = Image(data).as_layer_data_tuple()
        return write(str(tmp_path / name), data, meta)[0]

    return save


def state(path, tmp_path):
    """What a check with the folder of trusted keys says of the signature."""
    verdict = napari_seal.check(path, trust=tmp_path / "trust")
    return verdict.verdict, verdict.signature, verdict.signer


SIGNED = ("intact", Signature.TRUSTED, "Robot 1")


@pytest.mark.parametrize("write", [write_sealed, write_lossless])
def test_a_key_without_a_passphrase_signs_without_a_question(
    signatures, make_key, save, tmp_path, told, write
):
    """JPEG and PNG; the notification says who signed."""
    signatures.key, signatures.trust = str(make_key()), str(tmp_path / "trust")
    assert state(save(write=write), tmp_path) == SIGNED
    assert any("signed as Robot 1" in text for text in told)


def test_without_a_key_nothing_is_signed(signatures, save, tmp_path, make_key):
    """As before."""
    make_key()
    assert state(save(), tmp_path) == ("intact", Signature.NONE, None)


def test_stacks_and_folders_of_layers_are_signed(signatures, make_key, save, tmp_path, picture):
    """The index and every plane; every file."""
    signatures.key = str(make_key())
    index = save(data=np.stack([picture, picture + 1]))
    found = napari_seal.check_stack(index, trust=tmp_path / "trust")
    assert found.intact
    assert found.index.signature is Signature.TRUSTED
    assert found.signatures == {Signature.TRUSTED: 2}
    layers = [Image(picture, name=name).as_layer_data_tuple() for name in ("a", "b")]
    for path in write_layers(str(tmp_path / "all"), layers):
        assert state(path, tmp_path) == SIGNED


def test_a_passphrase_is_asked_for_once(signatures, make_key, save, tmp_path, answer_passphrases):
    """Until napari is closed; a wrong one is asked for again, with a sentence."""
    signatures.key = str(make_key(passphrase="secret"))
    said = answer_passphrases("wrong", "secret")
    assert state(save("a"), tmp_path) == SIGNED
    assert state(save("b"), tmp_path) == SIGNED
    assert said == [("", False), ("⚠ That is not the passphrase, or the file is damaged.", False)]


def test_cancelling_saves_nothing(signatures, make_key, save, tmp_path, answer_passphrases):
    """And says so; it is asked for again the next time."""
    signatures.key = str(make_key(passphrase="secret"))
    said = answer_passphrases(None, "secret")
    with pytest.raises(PassphraseError, match=r"Not saved.* of Robot 1\.pem was not given"):
        save()
    assert not list(tmp_path.glob("z*"))
    assert state(save(), tmp_path) == SIGNED
    assert len(said) == 2


def test_what_cannot_be_saved_is_refused_before_the_question(
    signatures, make_key, save, answer_passphrases
):
    """Nobody types a passphrase in vain."""
    signatures.key = str(make_key(passphrase="secret"))
    said = answer_passphrases("secret")
    with pytest.raises(napari_seal.ImageError):
        save("z.sealed.jpg", write=write_labels, data=np.zeros((4, 4), int))
    assert said == []


def test_the_keyring_keeps_it_only_where_asked_to(
    signatures, passphrases, make_key, save, tmp_path, answer_passphrases
):
    """With the tick, there is no question in the next session; without it, nothing is kept."""
    path = str(make_key(passphrase="secret"))
    signatures.key = path
    said = answer_passphrases("secret", "secret")
    save("a")
    assert passphrases.kept == {}
    forget_keys()
    answer_passphrases("secret", remember=True)
    save("b")
    assert passphrases.kept == {("napari-seal", path): "secret"}
    forget_keys()
    said.clear()
    assert state(save("c"), tmp_path) == SIGNED
    assert said == []


def test_a_wrong_passphrase_is_taken_out_of_the_keyring(
    signatures, passphrases, make_key, answer_passphrases
):
    """As after the key got another one; then it is asked for."""
    path = str(make_key(passphrase="secret"))
    passphrases.kept["napari-seal", path] = "old"
    said = answer_passphrases("secret")
    signing_key(path)
    assert passphrases.kept == {}
    assert said == [("", True)]


class Plain(NullKeyring):
    """One that keyring itself does not recommend, as those that write plain files are."""

    priority = 0.5


class Locked(NullKeyring):
    """One whose owner does not unlock it."""

    priority = 5

    def get_password(self, service, username):
        raise keyring.errors.KeyringLocked("locked")

    def set_password(self, service, username, password):
        raise OSError("no bus")


def test_a_keyring_that_keeps_no_secrets_is_not_used(signatures, make_key, answer_passphrases):
    """There is no tick then."""
    keyring.set_keyring(Plain())
    said = answer_passphrases("secret")
    signing_key(str(make_key(passphrase="secret")))
    assert said == [("", False)]
    assert not keyring_store.remember("a.pem", "secret")


def test_a_keyring_that_fails_is_no_obstacle(signatures, make_key, answer_passphrases, told):
    """It signs, and a warning tells that the passphrase was not kept."""
    keyring.set_keyring(Locked())
    answer_passphrases("secret", remember=True)
    signing_key(str(make_key(passphrase="secret")))
    assert any("did not keep the passphrase" in text for text in told)
    assert not any("secret" in text for text in told)


def test_without_the_package_keyring_there_is_no_tick(
    signatures, make_key, answer_passphrases, monkeypatch
):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    said = answer_passphrases("secret")
    signing_key(str(make_key(passphrase="secret")))
    assert said == [("", False)]


def test_a_key_that_cannot_be_used_saves_nothing(signatures, make_key, save, tmp_path):
    """Missing, or a public one by mistake: the sentence says so, and where it is chosen."""
    make_key()
    for path, why in (
        (tmp_path / "gone.pem", "No such file"),
        (tmp_path / "trust" / "Robot 1.pub.pem", "that is a public key"),
    ):
        signatures.key = str(path)
        with pytest.raises(KeyFileError, match=rf"Not saved.*{why}.*Preferences"):
            save()
    assert not list(tmp_path.glob("z*"))


def test_without_cryptography_nothing_is_saved_unsigned(
    signatures, make_key, save, tmp_path, monkeypatch
):
    """The sentence says what to install."""
    signatures.key = str(make_key())
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(MissingPackageError, match=r"Not saved.*pip install 'napari-seal\[sign\]'"):
        save()
    assert not list(tmp_path.glob("z*"))


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_a_key_that_others_can_read_is_warned_of_once(signatures, make_key, told):
    """It signs all the same."""
    path = make_key()
    path.chmod(0o644)
    signing_key(str(path))
    signing_key(str(path))
    assert [text for text in told if "Others can read" in text] == [
        "⚠ Others can read the private key Robot 1.pem, and sign with it: chmod 600"
    ]


def test_another_key_under_the_same_name_is_read_anew(signatures, make_key, tmp_path):
    """What was unlocked was the file, not its name."""
    first, second = make_key("Robot 1"), make_key("Robot 2")
    key = signing_key(str(first))
    os.replace(second, first)
    os.utime(first, (1, 1))
    assert signing_key(str(first)).public != key.public


def test_a_thread_has_nobody_to_ask(signatures, make_key):
    """A dialog outside of the window's thread would crash napari."""
    signatures.key = str(make_key(passphrase="secret"))
    raised = []

    def work():
        try:
            preferred_key()
        except PassphraseError as error:
            raised.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "no window to ask" in raised[0]
