"""Readership: who reads the feeds, counted without storing addresses."""
