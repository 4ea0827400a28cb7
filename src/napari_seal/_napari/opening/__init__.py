"""Opening sealed images and stacks, and what lies on the canvas then."""
