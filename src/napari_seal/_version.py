"""The version, in one place; read by the build and written into every seal."""

__version__ = "0.1.0"
