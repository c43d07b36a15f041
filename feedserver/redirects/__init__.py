"""Old addresses, and where they lead: model (pure), store (SQL), finding (for requests)."""
