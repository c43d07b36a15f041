"""Moderation: actions of a moderator, and the rules and reputation that decide without one."""
