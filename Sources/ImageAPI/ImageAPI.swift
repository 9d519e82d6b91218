// HTTP surface of the Images API.
