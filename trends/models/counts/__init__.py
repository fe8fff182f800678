"""How do counts scatter, and what do they remember of the periods before?"""
