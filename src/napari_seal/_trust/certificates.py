"""X.509 certificates in PEM files (RFC 7468, section 5): those of time-stamp authorities."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._trust.key_files import read_file
from napari_seal._trust.keys import ed25519_module
from napari_seal.errors import KeyFileError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

#: Certificates that are trusted.
Certificates: TypeAlias = "list[Certificate]"

_CERTIFICATE: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----"
)


def load_certificates(path: str | os.PathLike[str]) -> Certificates:
    """Read the X.509 certificates in a PEM file; there is at least one.

    Raises
    ------
    KeyFileError
        The file cannot be read, or holds none.
    MissingPackageError
        `cryptography` is not installed.
    """
    ed25519_module()
    pem = read_file(path, limits.CERTIFICATES_BYTES, "the file of certificates")
    found = list(parse_certificates(_ders(pem)))
    if not found:
        raise KeyFileError(f"{printable(path)} holds no certificate in PEM")
    return found


def _ders(pem: bytes) -> Iterator[bytes]:
    for content in _CERTIFICATE.findall(pem):
        with contextlib.suppress(binascii.Error):
            yield base64.b64decode(content)


def parse_certificates(ders: Iterable[bytes]) -> Iterator[Certificate]:
    """Certificates from their DER; those that cannot be read are left out."""
    from cryptography.x509 import load_der_x509_certificate

    for der in ders:
        # A warning is about certificates that a later version will not read.
        with contextlib.suppress(ValueError), warnings.catch_warnings(action="ignore"):
            yield load_der_x509_certificate(der)
