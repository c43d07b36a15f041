"""The latest posts and thoughts as documents for feed readers: RSS 2.0, Atom 1.0 and JSON Feed 1.1."""
