-- A message is about a case or about something else that a desk keeps on its map: a site, an event, a detour, a place with a
-- rule of its own, by collection and id as in object_change. Policies stay: the desk of the town that writes sees its
-- messages, and what belongs to no case is no applicant's, because NULL is nobody's current_case().
ALTER TABLE message
    ALTER permit_id DROP NOT NULL,
    ADD collection text,
    ADD object_id uuid,
    ADD CONSTRAINT message_about_one_thing
        CHECK ((permit_id IS NULL) = (object_id IS NOT NULL) AND (collection IS NULL) = (object_id IS NULL)),
    ADD CONSTRAINT message_once_of_object_unique UNIQUE (object_id, kind, once);
