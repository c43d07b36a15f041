"""Backups of a whole site, in one form for both databases, and their restoration."""
