"""Bringing posts from other blogs: from files to posts, from posts to decisions, from decisions to articles.

`files` finds and reads files, `front_matter` takes them apart, `fields` and `dates` make sense of what writers put
there, `liquid` turns template code into Markdown, `posts` puts a `Post` together, `catalogue` decides what is to be
done with it, `authors` whose it is, and `importer` does it. Only the last two know the database.
"""
