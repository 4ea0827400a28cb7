"""The ledger: what is known of an archive's files from one run to the next, in one SQLite file.

::

    check ──▶ facts ──▶ judge ──▶ record ──▶ verdict     a run, batch by batch     (runs)
                          │          │
                          ▼          ▼
                    ┌───────────────────────┐
                    │ database: files, runs │ ──▶ queries, manifest
                    └───────────────────────┘

A verdict goes in, and comes out with what the ledger knows of its path: another image than the one
recorded there, a path that is new, a file that is gone.  Nothing here opens an image to change it,
and no run changes what was recorded first.
"""
