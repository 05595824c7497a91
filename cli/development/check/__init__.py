"""`ontime check`: what CI would say of a change, in a minute."""
