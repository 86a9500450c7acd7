"""Floor 4: the GraphQL edge on Starlette: translates and authorises, decides nothing."""
