"""How likely is a software intelligence explosion, and what does that depend on?"""
