"""Micropub (W3C Recommendation of 2017, and the extensions in use): apps write, edit and read posts over HTTP."""
