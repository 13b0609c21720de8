"""How often somebody may call: token buckets, in this process or in a Redis that several processes share.

`limits` has the contract (`Limit`, `Verdict`, `RateLimitStore`) and what a bucket is named after; `memory`
and `redis` keep buckets; `failover` decides for as long as Redis does not. The middleware that asks is in
`app.web.middleware`.
"""
