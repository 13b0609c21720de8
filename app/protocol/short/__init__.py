"""The short path: plain requests of MCP 2026-07-28 answered without the SDK's transport and models.

It serves what it understands in full, with every check the SDK makes, and leaves all the rest to the SDK:
`reading` and `envelopes` tell what is plain, `path` answers it, `attending` looks after the client meanwhile.
"""
