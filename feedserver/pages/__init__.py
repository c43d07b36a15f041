"""Pages for people: templates, one stylesheet, lists, the post, receipts, and friendly errors."""
