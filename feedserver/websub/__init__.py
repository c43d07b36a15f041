"""The hub of this site (WebSub, W3C Recommendation of 2018): who reads its feeds without polling them.

A subscription: `views` (the endpoint), `requests` (what a reader asks for), `subscribing` (checks and stores it),
`verification` (its callback confirms it), `leaving` and `blocking` (it ends before its lease does). A push: `pushing`
(when), `fan_out` (one run), `delivery` (what, to whom, how long). Other hubs: `other_hubs`.
"""
