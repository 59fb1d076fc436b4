"""The web app's pages for administrators."""
