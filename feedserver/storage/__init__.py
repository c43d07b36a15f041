"""The database: engine and transactions, the tables (`schema`), migrations, copies, counters.

`revision` counts the changes that readers can see, in the row of the site; `changes` is the cheap check of that count.
"""
