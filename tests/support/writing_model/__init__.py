"""A blog as its readers and writers must find it, in plain Python, and what compares the real one with it.

`blog` is what there is, `writing` and `filing` what people do to it, and `views` what each of them is to see. `stage`
has two real apps on one database, `checks` reads these and compares, and `machine` does the same on both sides, as
`choices` and chance have it.
"""
