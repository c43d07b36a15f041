"""What the author publishes: documents are read and stored as posts, found by slug, tag, author and date."""
