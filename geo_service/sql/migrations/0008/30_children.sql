-- Every case that is opened is asked for what was filed for it: extensions, changes, transfers.
CREATE INDEX permit_parent_idx ON permit (parent) WHERE parent IS NOT NULL;
