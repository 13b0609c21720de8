"""Events kept for a while, so that a client that lost its stream can read what it missed.

`log` is the interface, `memory` and `redis` are the two places where events are kept, and `session` is what
the MCP SDK sees of them: one session's events, and no other's.
"""
