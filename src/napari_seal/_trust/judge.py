"""Signatures judged: whether they verify, and what is known of the key.

Imported by every check, so that what a signature needs is imported when the first is met.
"""

from __future__ import annotations

import os
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from napari_seal._trust.states import Signature
from napari_seal.errors import KeyFileError, MissingPackageError, TrustError

if TYPE_CHECKING:
    from napari_seal._format.signature import SealSignature, Signer
    from napari_seal._trust.keys import PublicKey, SigningKey
    from napari_seal._trust.trusted import Trust


class Judged(NamedTuple):
    """What was found out about a signature.

    Parameters
    ----------
    state : Signature
    signer : str, optional
        Name of the key in the list of trusted ones, or else its fingerprint; None where nothing
        proves that this key signed.
    problem : str, optional
        One sentence on why it is not trusted, where the state does not say it all.
    """

    state: Signature
    signer: str | None = None
    problem: str | None = None


class Judge:
    """Judges signatures by one list of trusted keys.

    Parameters
    ----------
    trust : Trust or path-like, optional
        The list, or where it is.  By default `Trust.default`, loaded when a signature is met: in
        most archives there is none.

    Raises
    ------
    TrustError
        A list was named, and something is wrong with it.
    """

    __slots__ = ("_trust",)

    def __init__(self, trust: Trust | str | os.PathLike[str] | None = None) -> None:
        self._trust: Trust | None = None
        if trust is not None:
            from napari_seal._trust.trusted import load_trust

            self._trust = load_trust(trust)

    def load(self) -> Trust:
        """The list.

        Raises
        ------
        TrustError
            It is the default one, and something is wrong with it.
        """
        if self._trust is None:
            from napari_seal._trust.trusted import Trust

            self._trust = Trust.default()
        return self._trust

    def identity(self) -> str:
        """Tells lists apart, for states that are kept: by another list they may be others.

        Empty where no key is trusted.
        """
        try:
            return self.load().identity
        except TrustError:
            return "unreadable"

    def judge(self, data: bytes | memoryview | None, block: SealSignature, created: str) -> Judged:
        """Judge a signature.

        Parameters
        ----------
        data : bytes or None
            What it covers; None where it is not spelt so that this is known.
        block : SealSignature
        created : str
            When the signer says that the data were made.
        """
        from napari_seal._format.signature import decode

        if block.problem is not None:
            return Judged(Signature.INVALID, None, f"The signature is malformed: {block.problem}.")
        if not block.known:
            text = f"The signature is of the algorithm {block.algorithm!r}, which is not known."
            return Judged(Signature.NOT_CHECKED, None, text)
        value = decode(block.value)
        if data is None or value is None:
            text = "The signature is malformed: it is not spelt as it must be."
            return Judged(Signature.INVALID, None, text)
        try:
            key = _key_of(block.key)
        except KeyFileError as error:
            return Judged(Signature.INVALID, None, f"The signature's key is none: {error}.")
        return self.judge_raw(data, key, value, created)

    def judge_spelt(
        self, data: bytes | memoryview, key: bytes, value: bytes, created: bytes
    ) -> Judged:
        """The same of an Ed25519 signature whose parts are spelt as in the file."""
        from napari_seal._format.signature import ED25519, SealSignature

        raw, known = a2b_base64(value), _key_if_any(key)
        if known is None or b2a_base64(raw, newline=False) != value:
            block = SealSignature(algorithm=ED25519, key=key.decode(), value=value.decode())
            return self.judge(data, block, created.decode())
        return self.judge_raw(data, known, raw, created.decode())

    def judge_raw(
        self, data: bytes | memoryview, key: PublicKey, value: bytes, created: str
    ) -> Judged:
        """The same of a key and a signature that were read."""
        try:
            if not key.verify(value, data):
                text = "The signature is not one of these data by the key that it names."
                return Judged(Signature.INVALID, None, text)
            trust = self.load()
        except MissingPackageError as error:
            return Judged(Signature.NOT_CHECKED, None, f"The signature was not checked: {error}.")
        except TrustError as error:
            text = f"Whether the signer is trusted is not known: {error}."
            return Judged(Signature.NOT_CHECKED, None, text)
        state, name = trust.judge(key, created)
        if name is None:
            return Judged(state, key.fingerprint)
        return Judged(state, name, trust.explain(key, state, created))


@lru_cache(maxsize=64)
def _key_of(text: str) -> PublicKey:
    """The key with this text: an archive has few, and each of its files names one."""
    from napari_seal._trust.keys import PublicKey

    return PublicKey.from_text(text)


@lru_cache(maxsize=64)
def _key_if_any(text: bytes) -> PublicKey | None:
    try:
        return _key_of(text.decode("ascii"))
    except KeyFileError:
        return None


def signer_of(key: SigningKey | str | os.PathLike[str] | None) -> Signer | None:
    """What signs texts with this key, or with the one in this file; nothing without a key.

    Raises
    ------
    KeyFileError, PassphraseError, MissingPackageError
        The key cannot be used, or its file is encrypted.
    """
    if key is None:
        return None
    import base64

    from napari_seal._format.signature import ED25519, SealSignature
    from napari_seal._trust.key_files import load_signing_key
    from napari_seal._trust.keys import SigningKey

    if not isinstance(key, SigningKey):
        key = load_signing_key(key)

    private, public = key, key.public.text

    def sign(data: bytes) -> SealSignature:
        value = base64.b64encode(private.sign(data)).decode("ascii")
        return SealSignature(algorithm=ED25519, key=public, value=value)

    return sign
