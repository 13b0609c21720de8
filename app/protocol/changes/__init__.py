"""Telling clients that what they may list or read has changed, in the way of each MCP era.

MCP 2026-07-28: on streams that clients open with `subscriptions/listen`. A session of the 2025 revisions: on
the stream that its client opened with GET, or over stdio.
"""
