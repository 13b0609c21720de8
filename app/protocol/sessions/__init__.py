"""Sessions of the 2025 era: records that outlive a process, and what of them is live in this one.

`store` is the interface of the records, `memory` and `redis` are where they are kept. `live` is the MCP SDK's
side of a session, made from its record when the session is used and put away when it no longer is; `manager`
brings the two together, and `bus` carries between replicas what concerns a session that is live elsewhere.
"""
