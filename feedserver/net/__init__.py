"""Outgoing HTTP to hosts that strangers name: address checks and a fetcher with limits."""
