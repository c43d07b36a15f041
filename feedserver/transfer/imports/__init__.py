"""What other systems exported, written into a site: planned, told, applied."""
