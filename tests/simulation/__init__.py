"""A year of a city, simulated: the real workflows on a real engine, held to a model that shares no rule with them."""
