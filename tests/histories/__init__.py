"""Client histories and their judges: could one instant copy have given every answer?"""
