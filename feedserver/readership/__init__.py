"""Readership: which readers request the feeds, counted without storing addresses."""
