"""Sealing files as they appear.

::

    events ──hints──▶ scanner ──found──▶ waiting ──tasks──▶ sealing      in worker processes
                         ▲                  │                  │
                    every so often       journal ◀──────── results ──▶ recording ──▶ ledger

A look at all files is the truth, and events are hints: they only make it sooner.
"""
