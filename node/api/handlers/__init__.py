"""The handlers of the API, each file with the table of its routes at the end."""
