"""The demo's eight cameras: pictures composed from one public clip."""
