"""Sessions of the 2025 era: records that outlive a process, and what of them is live in this one.

`store` is the interface of the records, `memory` and `redis` are where they are kept. `here` keeps in mind
the sessions that this process uses. `live` is the MCP SDK's side of one, made from its record when a request
needs the SDK, and `manager` serves such requests; `bus` carries between replicas what concerns a session
elsewhere.
"""
