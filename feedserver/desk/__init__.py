"""The author's desk: pages below /desk for those who are signed in (docs/interface.md, “The author's desk”)."""
