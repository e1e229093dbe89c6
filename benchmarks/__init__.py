"""Measurements against other libraries. README.md is the contract."""
