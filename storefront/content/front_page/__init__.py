"""The merchant's own front page, in sections: a draft that staff edit, and the published page that everybody sees."""
