"""What an operator's monitoring reads: counts of this server's processes, and of what the database holds."""
