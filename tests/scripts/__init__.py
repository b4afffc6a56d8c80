"""The scripts that are law for people and CI alike."""
