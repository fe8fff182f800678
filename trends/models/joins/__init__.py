"""Where do straight lines on the log scale join, and how surely?"""
