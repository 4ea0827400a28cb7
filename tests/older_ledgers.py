"""From the tables of a ledger of today, where it has few files, to those of earlier versions."""

from __future__ import annotations

#: Without what manifests list.
TO_VERSION_4 = ("DROP TABLE listed", "PRAGMA user_version = 4")
#: Without the chain of runs.
TO_VERSION_3 = (
    *TO_VERSION_4,
    *(f"DROP TABLE {name}" for name in ("stamps", "statements", "links")),
    *(f"ALTER TABLE runs DROP COLUMN {name}" for name in ("history_before", "files_before")),
    "DELETE FROM about WHERE key = 'identity'",
    "PRAGMA user_version = 3",
)
#: Without buckets, which are empty where heads are not.
TO_VERSION_2 = (*TO_VERSION_3, "DROP TABLE buckets", "PRAGMA user_version = 2")
#: Without spans, which a ledger of few files does not need.
TO_VERSION_1 = (*TO_VERSION_2, "DROP TABLE seen", "PRAGMA user_version = 1")
