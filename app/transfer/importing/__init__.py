"""Importing posts from other blogs: from files to posts, from posts to decisions, from decisions to articles.

`files` finds and reads files, `own_exports` recognises what Colophon itself has written, `front_matter` splits them,
`fields` and `dates` interpret what writers put there, `bodies` turns what only generators understand into Markdown
(`template_code`, `code_blocks`, `kramdown`), and `liquid` knows what is left of it. `posts` builds a `Post`,
`catalogue` decides what to do with it, `authors` decides whose it is, and `importer` carries it out. Only the last two
use the database.
"""
