"""What the service tells its operators: the log. Any room may import this one, and it imports none."""
