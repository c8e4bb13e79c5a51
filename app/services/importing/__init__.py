"""Bringing posts from other blogs: from files to posts, from posts to decisions, from decisions to articles.

`files` finds and reads files, `front_matter` takes them apart, `fields` and `dates` make sense of what writers put
there, `posts` puts a `Post` together, `catalogue` decides what is to be done with it, and `importer` does it. Only the
last one knows the database.
"""
