"""Verification: fetching a source and seeing whether it links to the post."""
