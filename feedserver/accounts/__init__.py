"""Who may write here: accounts, their passwords and second factors, who is signed in, and tokens of apps."""
