"""A tool that people are asked about."""


async def count_tickets(state: str) -> str:
    """Count the tickets of a state."""
    return f"There are 12 tickets: {state}."
