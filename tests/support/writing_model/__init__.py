"""A blog as its readers and writers must find it, in plain Python, and what compares the real one with it.

`blog` is what there is, `writing` and `filing` what people do to it, `views` what each of them is to see, `stage` two
real apps on one database, and `checks` what reads these and compares.
"""
