"""What a fetched page says: its encoding, its links, the text around them. Pure."""
