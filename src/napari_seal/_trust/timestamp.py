"""Time stamps (RFC 3161): an authority signs a digest beside the time, so the data were there then.

::

    data ──▶ query ── authority ──▶ reply ──▶ verify ──▶ kept; verified again years later

The only module that imports `rfc3161_client`.  A reply is verified without a network: it has the
authority's certificates in it, which must lead to one of those that the caller trusts, and must
have been valid at the time that it attests.  Whether a certificate was revoked is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._trust.certificates import parse_certificates
from napari_seal.errors import MissingPackageError, TimestampError

if TYPE_CHECKING:
    from napari_seal._trust.certificates import Certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """What a time stamp attests: that the data were there at this time.

    Parameters
    ----------
    time : datetime
        By the clock of the authority, UTC.
    authority : str
        Whom its certificate names (RFC 4514).
    """

    time: datetime
    authority: str


def ask(data: bytes, send: Callable[[bytes], bytes], authorities: Certificates) -> bytes:
    """Have data time-stamped, and return the reply, verified.

    Parameters
    ----------
    data : bytes
        Of these the SHA-256 goes to the authority.
    send : callable
        Takes a query (DER), and returns the reply.
    authorities : list of Certificate
        Those that are trusted: of roots, and of what lies between where the reply lacks it.

    Raises
    ------
    TimestampError
        The authority refused, or what it sent is no time stamp of these data for this query.
    MissingPackageError
        `rfc3161-client` is not installed.
    """
    client = _client()
    query = client.TimestampRequestBuilder(data, client.HashAlgorithm.SHA256).build()
    reply = send(query.as_bytes())
    _verify(reply, data, authorities, query.nonce)
    return reply


def verify(reply: bytes, data: bytes, authorities: Certificates) -> Timestamp:
    """Verify a reply that was kept; see `ask`."""
    return _verify(reply, data, authorities, None)


def _verify(reply: bytes, data: bytes, authorities: Certificates, nonce: int | None) -> Timestamp:
    client = _client()
    if len(reply) > limits.TIMESTAMP_BYTES:
        raise TimestampError(f"the reply is far too long for a time stamp: {len(reply):,} bytes")
    with _translated(client):
        parsed = client.decode_timestamp_response(reply)
        if parsed.status != client.PKIStatus.GRANTED:
            raise TimestampError(_refusal(parsed, client))
        verifier = client.VerifierBuilder(roots=authorities, nonce=nonce).build()
        verifier.verify_message(parsed, data)
        return Timestamp(
            time=parsed.tst_info.gen_time.astimezone(UTC), authority=_signer(parsed.signed_data)
        )


def _refusal(parsed: Any, client: Any) -> str:
    names = {status.value: status.name.lower().replace("_", " ") for status in client.PKIStatus}
    status = names.get(parsed.status, f"status {parsed.status}")
    why = printable("; ".join(parsed.status_string), 200)
    return f"the authority did not grant a time stamp: {status}" + (f" ({why})" if why else "")


def _signer(signed: Any) -> str:
    """The name in the certificate that signed."""
    (info,) = signed.signer_infos
    for certificate in parse_certificates(signed.certificates):
        if (certificate.serial_number, certificate.issuer) == (info.serial_number, info.issuer):
            return certificate.subject.rfc4514_string()
    raise TimestampError("the certificate that signed the time stamp is not in it")


@contextmanager
def _translated(client: Any) -> Iterator[None]:
    """Turn what the package raises at any bytes into a `TimestampError`."""
    try:
        yield
    except (TimestampError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except client.VerificationError as error:
        raise TimestampError(f"the time stamp does not verify: {_plain(str(error))}") from error
    except BaseException as error:  # its Rust code raises a kind of its own, beside `Exception`
        problem = printable(error, 200)
        raise TimestampError(f"the reply is no time stamp: {problem}") from error


def _plain(problem: str) -> str:
    """What the package says, without the inside of OpenSSL."""
    if problem in _PROBLEMS:
        return _PROBLEMS[problem]
    found = re.search(r"Verify error: ?([^\"\\]+)", problem)
    if found:
        return f"no trusted certificate leads to it ({printable(found[1], 100)})"
    return printable(problem.partition(": ErrorStack")[0], 200)


_PROBLEMS: Final = {
    "Mismatch between messages": "it is one of other data",
    "Nonce mismatch": "it answers another query than this one",
}


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise MissingPackageError(
            "time stamps need the package rfc3161-client; pip install 'napari-seal[timestamp]'"
        ) from error
    return rfc3161_client
