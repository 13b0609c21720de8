"""Sends one Portkey Admin API request and tells exactly what became of it.

`PortkeyClient.call` takes an `ApiRequest` and returns an `ApiAnswer` or raises `PortkeyError`. Below it a
`Transport` carries bytes, either to the network or to an ASGI application in this process. The room knows
nothing of MCP, tools or the sandbox.

Import from the modules: `client`, `credential`, `errors`, `urls`, `transport`, `network`, `in_process`.
"""
