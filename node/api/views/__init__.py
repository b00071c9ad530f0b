"""JSON views: the answers of the API as Structs, and how they are made from what is stored.

The same Structs describe the API in OpenAPI and are what the client gives back. Hashes, keys and
ids are lower-case hex, other bytes base64, times milliseconds since 1970.
"""
