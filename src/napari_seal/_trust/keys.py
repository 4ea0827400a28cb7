"""Ed25519 keys (RFC 8032) in PEM, as ``openssl genpkey -algorithm ed25519`` makes them.

`cryptography` is imported only when a key is used: reading a public key from its text and comparing
it with others needs no package.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal.errors import KeyFileError, MissingPackageError, PassphraseError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: A public key in bytes (RFC 8032, section 5.1.5).
KEY_SIZE: Final = 32

#: SubjectPublicKeyInfo in DER (RFC 8410, section 4) is this and the 32 bytes of the key.
_SPKI: Final = bytes.fromhex("302a300506032b6570032100")

# Points of order 1, 2, 4 and 8 (RFC 8032, section 5.1) by their y: 1, -1, 0, and the two of order
# 8; also as they may be spelt with y not reduced.  For them anybody can make signatures.
_P: Final = 2**255 - 19
_WITHOUT_SIGN: Final = 2**255 - 1
_Y8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset((1, _P - 1, 0, _Y8, _P - _Y8, _P, _P + 1))

_BEGIN: Final = "-----BEGIN PUBLIC KEY-----"
_END: Final = "-----END PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, which anybody may have.

    Parameters
    ----------
    raw : bytes
        Its 32 bytes (RFC 8032, section 5.1.5).

    Raises
    ------
    KeyFileError
        These are no key, or one for which anybody can sign.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_SIZE:
            raise KeyFileError(f"an Ed25519 key has {KEY_SIZE} bytes, not {len(self.raw)}")
        if int.from_bytes(self.raw, "little") & _WITHOUT_SIGN in _SMALL_ORDER:
            raise KeyFileError("this is a point of small order, for which anybody can sign")

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """Read a key from the one line that stands in its PEM file.

        Parameters
        ----------
        text : str
            Base64 of its SubjectPublicKeyInfo (RFC 8410).

        Returns
        -------
        PublicKey
            That key.

        Raises
        ------
        KeyFileError
            It is something else, or a key of another kind.
        """
        try:
            der = base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            der = b""
        # Base64 that carries other bits in its last character would be a second text of one key.
        if not der.startswith(_SPKI) or base64.b64encode(der).decode() != text:
            raise KeyFileError(f"{printable(text, 80)} is not the Base64 of an Ed25519 public key")
        return cls(der[len(_SPKI) :])

    @classmethod
    def from_pem(cls, pem: str) -> PublicKey:
        """Read a key from the text of a PEM file; what stands around it is not looked at.

        Parameters
        ----------
        pem : str
            The text.

        Returns
        -------
        PublicKey
            The only one in it.

        Raises
        ------
        KeyFileError
            There is not exactly one public key, or it is of another kind.
        """
        parts = pem.split(_BEGIN)
        if len(parts) != 2 or _END not in parts[1]:
            found = "no public key" if len(parts) < 2 else "something else than one public key"
            hint = "; that is a private key" if "PRIVATE KEY-----" in pem else ""
            raise KeyFileError(f"there is {found} in PEM between {_BEGIN!r} and {_END!r}{hint}")
        return cls.from_text("".join(parts[1].split(_END)[0].split()))

    @property
    def text(self) -> str:
        """The line of its PEM file: Base64 of its SubjectPublicKeyInfo (RFC 8410)."""
        return base64.b64encode(_SPKI + self.raw).decode("ascii")

    @property
    def pem(self) -> str:
        """The text of its PEM file (RFC 7468, section 13)."""
        return f"{_BEGIN}\n{self.text}\n{_END}\n"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its SubjectPublicKeyInfo, as keys are named to people: ``sha256:…``."""
        return f"sha256:{hashlib.sha256(_SPKI + self.raw).hexdigest()}"

    def verify(self, signature: bytes, data: bytes | memoryview) -> bool:
        """Whether this key made the signature of these bytes.

        Parameters
        ----------
        signature : bytes
            Its 64 bytes.
        data : bytes
            What it is to be of.

        Returns
        -------
        bool
            False for whatever is no signature of these bytes by this key.

        Raises
        ------
        MissingPackageError
            `cryptography` is not installed, so that there is no telling.
        """
        verify, invalid = _verifier(self.raw)
        try:
            verify(signature, data)
        except invalid:
            return False
        return True


class SigningKey:
    """A private key.  Whoever has it can sign in its owner's name.

    Parameters
    ----------
    private : Ed25519PrivateKey
        Of `cryptography`.
    """

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: PublicKey = PublicKey(private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.fingerprint})"

    def __getstate__(self) -> bytes:
        return self._private.private_bytes_raw()

    def __setstate__(self, raw: bytes) -> None:
        self.__init__(ed25519_module().Ed25519PrivateKey.from_private_bytes(raw))  # type: ignore[misc]

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new one from the system's random numbers."""
        return cls(ed25519_module().Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: str | None = None) -> SigningKey:
        """Read a key from a PEM file's bytes (PKCS #8, RFC 5958, encrypted or not).

        Parameters
        ----------
        pem : bytes
            The whole file.
        passphrase : str, optional
            Of an encrypted key.

        Returns
        -------
        SigningKey
            The key in it.

        Raises
        ------
        PassphraseError
            It is encrypted, and the passphrase is missing or wrong.
        KeyFileError
            It is something else, or a key of another kind.
        """
        ed25519 = ed25519_module()
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        encrypted = b"ENCRYPTED" in pem
        if encrypted and not passphrase:
            raise PassphraseError("the private key is encrypted; give its passphrase")
        secret = _secret(passphrase) if encrypted and passphrase else None
        try:
            private = load_pem_private_key(pem, secret)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            if encrypted:
                raise PassphraseError(
                    "the private key could not be decrypted: the passphrase is wrong, or the file "
                    "is damaged"
                ) from error
            hint = "; that is a public key" if b"BEGIN PUBLIC KEY" in pem else ""
            raise KeyFileError(f"there is no private key in PEM{hint}") from error
        if not isinstance(private, ed25519.Ed25519PrivateKey):
            raise KeyFileError(
                f"the private key is an {type(private).__name__.lstrip('_')}, not Ed25519; "
                "`napari-seal keygen` or `openssl genpkey -algorithm ed25519` makes one"
            )
        return cls(private)

    def pem(self, passphrase: str | None = None) -> bytes:
        """The bytes of a PEM file, encrypted where there is a passphrase.

        Parameters
        ----------
        passphrase : str, optional
            Of at most 1,023 bytes in UTF-8.

        Returns
        -------
        bytes
            The whole file.

        Raises
        ------
        PassphraseError
            No key can be encrypted with it.
        """
        from cryptography.hazmat.primitives import serialization

        how: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            how = serialization.BestAvailableEncryption(_secret(passphrase))
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
        )

    def sign(self, data: bytes | memoryview) -> bytes:
        """Sign bytes (RFC 8032, section 5.1.6).

        Parameters
        ----------
        data : bytes
            All of them: they are not digested before.

        Returns
        -------
        bytes
            The 64 bytes of the signature.
        """
        return self._private.sign(data)


def _secret(passphrase: str) -> bytes:
    """The bytes of a passphrase.  Neither they nor their places are told where they are refused."""
    try:
        # The environment gives bytes that are not UTF-8 in this way.
        secret = passphrase.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise PassphraseError("the passphrase has characters that UTF-8 does not have") from None
    if len(secret) > limits.PASSPHRASE_BYTES:
        raise PassphraseError(
            f"the passphrase has {len(secret):,} bytes, and at most {limits.PASSPHRASE_BYTES:,} "
            "are possible"
        )
    return secret


@lru_cache(maxsize=64)
def _verifier(raw: bytes) -> tuple[Callable[..., None], type[Exception]]:
    """What verifies signatures by a key, and what it raises: an archive's files have few keys."""
    ed25519 = ed25519_module()
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        return ed25519.Ed25519PublicKey.from_public_bytes(raw).verify, InvalidSignature
    except UnsupportedAlgorithm as error:  # as of an OpenSSL that is restricted to others (FIPS)
        raise MissingPackageError(
            "signatures need Ed25519, which the OpenSSL of the package cryptography does not allow"
        ) from error


def ed25519_module() -> Any:
    """Import what signs and verifies; `MissingPackageError` where it is not installed."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingPackageError(
            "signatures need the package cryptography; pip install 'napari-seal[sign]'"
        ) from error
    return ed25519
