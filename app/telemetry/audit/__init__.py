"""The record of tool calls: who called what, with which arguments, and what came of it.

It knows nothing of tools. Whoever makes a record has hidden the secrets in its arguments; the trail masks the
secrets of this process in it once more, wherever they stand.
"""
