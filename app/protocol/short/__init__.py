"""The short path: plain requests answered without the SDK's transport and models.

It serves what it understands in full, with every check the SDK makes, and leaves all the rest to the SDK.
Those of MCP 2026-07-28 are told by `reading` and `envelopes`, and answered by `path`; those of the 2025
revisions are told by `messages` and `handshakes`, and answered by `sessions`, or by `stateless` where there
are none.
`attending` looks after the client meanwhile, and `streams` are what it is sent in the 2025 revisions.
"""
