"""Footage 素材: pictures and cameras to try things on, found, labelled, painted or simulated."""
