"""Moderation: what a person decides, and the rules that decide for them."""
