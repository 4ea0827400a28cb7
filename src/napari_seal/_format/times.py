"""Times as seals, reports and ledgers spell them: UTC by ISO 8601, with a Z."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The present time, to the millisecond: what a seal holds as ``created``."""
    return in_utc(datetime.now(UTC), "milliseconds")


def in_utc(when: datetime, digits: str = "seconds") -> str:
    """A time in UTC.

    Parameters
    ----------
    when : datetime
        One without a zone is the machine's own time.
    digits : {"seconds", "milliseconds"}
        Where it is cut off.
    """
    return when.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")
