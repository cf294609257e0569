"""Collections: lists of products that a rule fills, such as "on sale" or "tag gift, below 50".

`membership_rules` decides which products belong to one, `list_index.memberships` keeps them as a range of the list
index, `collection_builds` fills new ones and follows stock and time in the background. `collection_edits` has what
merchants do, `collection_page` what the public page shows.
"""
