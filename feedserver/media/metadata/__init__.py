"""What files tell beside what they show: places, names of devices, comments. Taken out without touching the rest. Pure.

Each module knows one kind of file, and reads nothing but its structure: parts that it does not know are left out of
pictures, and cost no more than their length.
"""
