"""Who is calling, and what they may do.

`Principal` answers the first question, `Policy` the second. A `TokenVerifier` turns a token into a
principal; `BearerVerifier` is the one for shared tokens. Nothing here knows HTTP routes or tools.
"""
