"""WSGI layers before Flask: the path of the site, encoded slashes, proxies, request bodies, cached feeds."""
