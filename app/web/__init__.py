"""Receives HTTP requests and hands the ones for MCP on; knows nothing of tools.

`application.create_application` builds the ASGI application, `server.serve` runs it and drains it.
"""
