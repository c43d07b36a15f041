"""Posts: Markdown documents are read, rendered and stored, and found by slug, tag, author and date."""
