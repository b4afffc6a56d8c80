"""Configurations that come with the product: the demo's, and a town's as an example."""
