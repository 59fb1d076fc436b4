"""Millions of made-up people, made to be confused with one another: do any two share an account?"""
