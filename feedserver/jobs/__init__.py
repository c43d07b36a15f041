"""Stored duties: written in the transaction of the change they follow from, carried out at least once."""
