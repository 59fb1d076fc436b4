"""HTTP for API servers that can be configured: TokenReview and SubjectAccessReview. No decisions."""
