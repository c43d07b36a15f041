"""Old addresses, and where they lead: model (pure), adding, store (SQL), finding (for requests)."""
