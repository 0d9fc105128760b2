"""Fire panels of Jade Bird (青鸟) by their JBF293K interface card.

Input: telegrams of 26 characters, from a serial line or a converter. Output: state words of components.
"""
