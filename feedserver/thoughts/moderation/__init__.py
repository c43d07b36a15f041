"""Moderation: actions of moderators, host rules, and automatic verdicts."""
