"""The web pages and the REST API of the center."""
