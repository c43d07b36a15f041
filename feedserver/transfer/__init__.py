"""How a site is kept for decades: backups, exports, and imports of what other systems exported."""
