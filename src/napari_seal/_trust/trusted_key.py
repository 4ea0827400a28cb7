"""A key that is trusted: since when, until when, and by what name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from napari_seal._trust.keys import PublicKey
from napari_seal._trust.states import Signature
from napari_seal.errors import TrustError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key, and what is known of it.

    Parameters
    ----------
    name : str
        For people.
    key : PublicKey
        With which its signatures are verified.
    valid_from, valid_until : datetime, optional
        It is valid from the first on, and before the second.
    revoked : datetime, optional
        What it signed from then on is not trusted.
    compromised : bool
        Others have the private key: nothing that it signed is trusted, since whoever has it can
        write any time.

    Raises
    ------
    TrustError
        A time has no offset from UTC, or the period ends before it begins.
    """

    name: str
    key: PublicKey
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: datetime | None = None
    compromised: bool = False

    def __post_init__(self) -> None:
        times = (self.valid_from, self.valid_until, self.revoked)
        if any(when is not None and when.utcoffset() is None for when in times):
            raise TrustError("a time has no offset from UTC, so that it is no moment")
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise TrustError("'valid_from' is not before 'valid_until'")

    def judge(self, created: str) -> Signature:
        """The state of a valid signature by this key.

        Parameters
        ----------
        created : str
            When the signer says that it was made: ISO 8601.  A time that cannot be read lies in no
            period.

        Returns
        -------
        Signature
            One of `trusted`, `expired` and `revoked`.
        """
        if self.compromised:
            return Signature.REVOKED
        if self.revoked is self.valid_from is self.valid_until is None:
            return Signature.TRUSTED
        when = _time_of(created)
        if self.revoked is not None and (when is None or when >= self.revoked):
            return Signature.REVOKED
        if when is None:
            return Signature.EXPIRED
        early = self.valid_from is not None and when < self.valid_from
        late = self.valid_until is not None and when >= self.valid_until
        return Signature.EXPIRED if early or late else Signature.TRUSTED


def _time_of(text: str) -> datetime | None:
    """A time in ISO 8601, if it says which moment it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if when.tzinfo is None else when
