"""Verification: fetches a source and checks whether it links to the post.

In this order: `verify` (the job), `inspect` (fetches and reads the source), `settle` (writes the outcome), `recheck`.
"""
