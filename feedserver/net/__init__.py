"""The only way out: which addresses may be contacted, and a fetcher that contacts no others."""
