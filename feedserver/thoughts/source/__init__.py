"""Parses a fetched page: its encoding, its links, the text around them. Pure."""
