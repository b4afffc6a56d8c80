"""The words of the product as frozen values. No input, no output, nothing but pydantic below."""
