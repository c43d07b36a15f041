"""The latest posts and thoughts as documents for feed readers: RSS 2.0, Atom 1.0 and JSON Feed 1.1.

A request: `views` (or `web/feed_fast_path`), `responses`, `documents`. A new document: `renderer`, with `collecting`
(what is in it), `build` (the values), `syndication` or `jsonfeed` (the bytes), `versions` (ETag and Last-Modified).
Nothing is pushed: the next request after a change finds another site revision. `scopes` says which feeds there are.
"""
