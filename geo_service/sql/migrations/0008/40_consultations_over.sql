-- What an office was asked is over with the decision about the case, answered or not: the office cannot see the case.
ALTER TABLE consultation ADD closed_at timestamptz;
GRANT UPDATE (closed_at) ON consultation TO geo_service_app;
