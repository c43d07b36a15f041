"""Tells the owner what waits for a look, what is public for the first time, what was given up: by mail, at a webhook.

News stand in the rows of thoughts and of failed jobs, written with the change itself (`thoughts.untold`,
`jobs.failures`). `gathering` makes notices of them, `mails` and `posting` send these.
"""
