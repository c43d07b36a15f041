"""gunicorn's settings for `gunicorn -c config/gunicorn.conf.py wsgi:app`; `feedserver serve` uses the same.

They are in `feedserver/server.py`. Settings below the call win, for example `bind = "127.0.0.1:8080"` or `workers = 4`;
so does gunicorn's command line. Where there is no wsgi.py, the application is `'feedserver.app:create_app()'`.
"""

from feedserver.server import gunicorn_settings

globals().update(gunicorn_settings())
