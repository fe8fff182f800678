"""Which counts do published figures allow, one by one and together?"""
