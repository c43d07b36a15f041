"""What a fetched page says: its encoding, its links, the words around them. Pure."""
