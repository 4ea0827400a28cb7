"""Fixtures of the napari side about signing: keys, their passphrases, and a keyring in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keyring.backend import KeyringBackend

from napari_seal import SigningKey
from napari_seal._trust.key_files import write_key_files


class Passphrases(KeyringBackend):
    """A keyring in memory, as an operating system has one: of the kind that keeps secrets well."""

    priority = 5
    name = "a keyring of the tests"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def no_keyring() -> Iterator[None]:
    """A system without a keyring, whatever this one has."""
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def passphrases(no_keyring: None) -> Passphrases:
    """A system with a keyring, in which nothing is kept yet."""
    import keyring

    made = Passphrases()
    keyring.set_keyring(made)
    return made


@pytest.fixture
def signatures(
    npe2pm: Any, plugin_settings: Any, no_keyring: None, tmp_path: Path
) -> Iterator[Any]:
    """The group in Preferences, with an empty list of trusted keys; no passphrase is known."""
    import npe2
    from napari.settings import get_plugin_settings

    from napari_seal._napari.saving.signing import forget_keys

    npe2pm.register(npe2.PluginManifest.from_distribution("napari-seal"))
    group = get_plugin_settings("napari-seal").signatures
    forget_keys()
    yield group
    forget_keys()


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[..., Path]:
    """Make the file of a private key, and that of its public key in the folder ``trust``."""

    def make(name: str = "Robot 1", passphrase: str | None = None, *, trusted: bool = True) -> Path:
        folder = tmp_path / ("trust" if trusted else "untrusted")
        folder.mkdir(exist_ok=True)
        private, public = tmp_path / f"{name}.pem", folder / f"{name}.pub.pem"
        write_key_files(SigningKey.generate(), private, public, passphrase)
        return private

    return make
