"""The lane for calls that every check lets through.

A request passes some twenty middleware, each of which asks a question or two of its head, and clients send
the same head with every request. So what a head says is remembered (`head`), and a POST to /mcp that there is
nothing to object to is served at once (`lane`). Whatever there may be to object to goes the whole way, and
for it nothing has been decided, counted or taken yet: refusals are written in one place.
"""
