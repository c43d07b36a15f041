"""What others say on a post: webmentions and pingbacks from other blogs and comments from readers.

A ping: `views`, `webmention_views` (the endpoints), `receiving` (checks and stores it), `verification/`, `lifecycle`
(what becomes of it). The sender waits a moment in one of the `slots`; without a free slot, a worker verifies it later.
"""
