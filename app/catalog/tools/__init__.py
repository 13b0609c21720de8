"""The declarations, one module a domain. Each module has a `TOOLS` tuple, in the order clients see."""
