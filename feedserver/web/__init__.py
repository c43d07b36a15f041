"""WSGI before Flask: where the site is mounted, encoded slashes in paths, feeds that are in memory."""
