"""A whole site as files for people, and the way back into an empty one."""
