"""The second factor of a sign-in: passkeys, an authenticator app (TOTP), and recovery codes.

Staff must have one in production; customers may. docs/runbook.md says what to do if a person has lost theirs.
"""
