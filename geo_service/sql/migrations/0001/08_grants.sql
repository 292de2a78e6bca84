-- The application's role owns nothing, is no superuser and has no BYPASSRLS.
GRANT USAGE ON SCHEMA public TO geo_service_app;
GRANT SELECT ON alembic_version, code_label, configuration_version, town, town_piece, tariff, town_parameter TO geo_service_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON road_node, road_segment, no_dig_period, occupation, occupation_segment,
    construction_site, event, detour, site_feed, site_feed_record TO geo_service_app;
-- Written by the trigger on permit only.
GRANT SELECT ON published_permit TO geo_service_app;
GRANT SELECT, INSERT, UPDATE ON permit, applicant TO geo_service_app;
GRANT DELETE ON permit, applicant TO geo_service_app;
GRANT SELECT, INSERT ON permit_transition TO geo_service_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON finding TO geo_service_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO geo_service_app;
REVOKE ALL ON FUNCTION case_token(uuid, integer) FROM public;
GRANT SELECT ON spatial_ref_sys TO geo_service_app;
