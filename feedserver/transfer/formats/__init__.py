"""Readers of what other systems export: a module for each format, all of which give the values of `items`."""
