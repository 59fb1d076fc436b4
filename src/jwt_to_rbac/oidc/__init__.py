"""OpenID Connect issuers: discovery, keys, verification, and who a verified token names.

`issuers.TrustedIssuers` implements the port; everything else here serves it. What a person
may do is `core`'s business, and HTTP answers are `api`'s.
"""
