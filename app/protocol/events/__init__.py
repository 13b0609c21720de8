"""Events kept for a while, so that a client that lost its stream can read what it missed.

`log` is the interface, `memory` and `redis` are the two places where events are kept; `writing` is what the
MCP SDK sees of them, and `resumption` answers the clients that come back.
"""
