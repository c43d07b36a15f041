"""Doors through which programs write for an author: what they want becomes documents, published as all others are."""
