"""Ingest: packets from cameras and files, the ring, frames and clips. The only importer of av."""
