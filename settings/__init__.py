"""Configuration 配置: read, checked and explained; composed of what each package keeps."""
