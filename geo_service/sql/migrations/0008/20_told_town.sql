-- What one town's case means for another one is said to the office of that one: told_town.
ALTER TABLE message ADD told_town text CONSTRAINT message_told_town_fkey REFERENCES town (ags);

-- Whoever files reads what was written to them, not what offices wrote to each other.
DROP POLICY message_own ON message;
CREATE POLICY message_own ON message FOR SELECT USING (permit_id = current_case() AND consultation_id IS NULL
    AND told_town IS NULL
    AND kind NOT IN ('answer_received', 'consultation_asked', 'consultation_answered'));
