"""Outgoing HTTP to untrusted hosts: address checks and a fetcher with limits."""
