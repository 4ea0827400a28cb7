"""The dock *Seal details*: what is known of the picture that is selected."""
