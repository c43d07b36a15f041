"""Search: which posts and pages hold what a reader asks for, the same set on both databases.

Words are cut and folded here (`words`); a database only finds which texts hold certain words (`storage/word_index`).
"""
