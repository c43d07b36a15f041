"""Verification: fetches a source and checks whether it links to the post."""
