"""Accounts: people with passwords, programs with tokens, the sessions of browsers, and what each may do.

Input: requests on `svc.accounts.*`. Output: rows in SQL, entries in the audit, and principals: who somebody is.
"""
