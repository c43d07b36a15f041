"""What the owner publishes here: documents in, posts kept, found again by slug, tag, author and date."""
