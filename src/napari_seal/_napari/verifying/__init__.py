"""The dock *Verify sealed images*: whole folders, with the results in a table."""
