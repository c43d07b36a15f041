"""Pings that go out: what posts link to is told, by Webmention or Pingback (docs/interface.md, “Pings that go out”)."""
