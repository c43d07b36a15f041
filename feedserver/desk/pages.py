"""Lists in pages: how many there are. Pure."""


def last_page(total: int, on_a_page: int) -> int:
    """Returns the number of the last page of a list, 1 for an empty one."""
    return max(1, -(-total // on_a_page))
