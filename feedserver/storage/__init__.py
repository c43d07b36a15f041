"""The database: engine and transactions, every table on one page, migrations, copies, counters.

`revision` counts the changes that readers can see, in the row of the site; `changes` tells cheaply that it has moved.
"""
