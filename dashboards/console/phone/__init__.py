"""The supervisor's view on a phone: what is mine and open, and one big button."""
