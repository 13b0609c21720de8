"""MCP in both eras, the 2025 handshake and 2026-07-28, over HTTP and stdio. The catalogue is data here.

`core.build_core` makes what answers. `short.path.short_path` has it answer plain HTTP requests without the
MCP SDK. `server.build_server` puts the SDK around it; `http.HttpHandler` serves that at one HTTP path, with
`late.LateHandler` in its place until the SDK is imported, and `stdio.serve_stdio` over the process's own
streams. Only `sessions` touches private parts of the SDK.
"""
