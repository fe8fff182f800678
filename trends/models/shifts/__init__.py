"""How broken does a series look, and how broken could one without a break look?"""
