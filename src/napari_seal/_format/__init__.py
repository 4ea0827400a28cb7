"""What a seal is: pure functions on bytes, no file I/O.

Shared by the side that seals and the side that verifies, which do not import each other.  The
normative description is ``docs/seal-format.md``.
"""
