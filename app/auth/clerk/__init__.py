"""Signing in through Clerk: tokens of one issuer in, a `Principal` out.

`verifier.ClerkVerifier` is the `TokenVerifier` of this mode; its `run` owns what goes on in the background.
`server_metadata.ServerMetadata` passes on what the issuer says of its own endpoints. Facts about tokens are
those of https://clerk.com/docs (session tokens, versions 1 and 2; OAuth access tokens) and RFC 9068.
"""
