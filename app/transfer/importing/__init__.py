"""Importing posts from other blogs: from files to posts, from posts to decisions, from decisions to articles.

`files` finds and reads files, `front_matter` splits them, `fields` and `dates` interpret what writers put there,
`liquid` turns template code into Markdown, `posts` builds a `Post`, `catalogue` decides what to do with it, `authors`
decides whose it is, and `importer` carries it out. Only the last two use the database.
"""
