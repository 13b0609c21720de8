"""MCP in both eras, the 2025 handshake and 2026-07-28, over HTTP and stdio. The catalogue is data here.

`server.build_server` makes the server, `http.HttpHandler` serves it at one HTTP path, `stdio.serve_stdio`
over the process's own streams. Only `sessions` touches private parts of the MCP SDK.
"""
