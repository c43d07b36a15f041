"""gunicorn's settings for `gunicorn -c config/gunicorn.conf.py wsgi:app`; `feedserver serve` uses the same.

They live in `feedserver/server.py`, so that a wheel has them too. What you write below the call wins, for example
`bind = "0.0.0.0:8000"` or `workers = 4`; so does gunicorn's own command line.
"""

from feedserver.server import gunicorn_settings

globals().update(gunicorn_settings())
