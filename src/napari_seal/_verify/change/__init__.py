"""What was changed, how and where, once a file is not what was sealed."""
