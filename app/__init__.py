"""A production MCP service for Portkey's Admin API.

The package is a set of rooms with one direction of imports (import-linter, in pyproject.toml, holds it).
Only the version lives here.
"""

__version__ = "0.1.0"
