"""Safe copies of a whole site, in one form for both databases: `backup` and `restore`."""
