"""Random histories: what people, administrators, hands and faults do to two replicas, judged by the oracle.

`steps` makes a history of a seed, `playing` plays it, `judging` says what was wrong with it,
`shrinking` makes it short.
"""
