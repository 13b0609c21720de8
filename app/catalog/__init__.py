"""The catalogue: every tool as a declaration, and the road from a tool call to Portkey and back.

`tool` is the vocabulary, `tools/<domain>` the declarations, `registry` gathers them, and `toolbox` is what
the protocol room talks to: it lists a caller's tools and calls one. Nothing here knows of MCP or of HTTP.
"""
