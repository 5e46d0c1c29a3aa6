"""The channels in use: their accounts and credentials, the adapters made from them, the templates approved for them."""
