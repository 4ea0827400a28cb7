"""From folders to verdicts: scan, load, check, report.

::

    report ◀── verdict ◀── check ◀── load ◀── scan ◀── folder

Does not import `napari_seal._seal`: verification must not trust what seals.
"""
