"""A lively demonstration: staff, chats at every stage and petitions at every status, all invented."""
