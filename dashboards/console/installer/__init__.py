"""The page of installers: adopting transmitters that nobody registered, walk tests, what is still to be proven."""
