"""What others say on a post: pingbacks from other blogs and comments from readers."""
