"""The emulated endpoints, one module a domain.

Every module here is found and served without being registered anywhere. It offers:

    ROUTES: tuple[Route, ...]       one line an endpoint: method, path, scope, handler (see `routing`)
    def seed(store: Store) -> None  puts the domain's part of the example company into an empty store

A handler is a plain function from a `Call` to the JSON object of the answer, or None for an empty body.
It runs inside a transaction, reads its input with `fields.read_body` and `filters.Filters`, and raises the
errors of `errors`. Records that belong to a workspace carry its `workspace_id`: workspace-scoped keys and
the deletion of workspaces rely on it. Ids of seeded records come from `ids.seed_id`, so domains can refer to
each other in any order. A successful change is written to the audit log (`audit`) without their doing.
"""
