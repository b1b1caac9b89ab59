"""IRC as a channel of Bridgehead: the example of a platform that gives nearly nothing."""
