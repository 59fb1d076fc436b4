"""What is true, whoever asks: identity, names, policy, plan, difference, lifetime, errors.

Pure: no input or output, no clock, no settings. Whatever the outside must give comes as an argument.
"""
