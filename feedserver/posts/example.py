"""The post that a new site begins with."""

EXAMPLE = """\
---
title: Hello from feedserver
slug: hello
tags: [feedserver]
summary: This is the first post. It shows what a post can hold, and can be edited or deleted like any other.
---
This site publishes its posts as feeds and takes webmentions and pingbacks: when another blog links to this post and
says so, its words show up below as a *thought*.

## What to do next

- Write a post: a Markdown file with a title, published by `feedserver post add FILE`.
- Subscribe to the feed in a feed reader.
- Delete this post with `feedserver post delete hello`; its address will answer “gone” for ever.

> A feed is a promise: what was published stays where it was.
"""
