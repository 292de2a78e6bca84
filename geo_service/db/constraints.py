"""The names of the schema's constraints as vocabulary: what each means to whoever sent a request.

Whatever a client can run into is caught earlier, with a pointer, by the code that reads its request. These
are the second fence: races, and what was forgotten. A test compares the lists with the schema.
"""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import IntegrityError

from geo_service.errors import (
    BadGeometry,
    BadHeights,
    BadInterval,
    ChangedMeanwhile,
    GeoServiceError,
    Invalid,
)

MEANING: dict[str, type[GeoServiceError]] = {
    "applicant_permit_fkey": ChangedMeanwhile,
    "applicant_permit_unique": ChangedMeanwhile,
    "case_document_permit_fkey": ChangedMeanwhile,
    "case_note_permit_fkey": ChangedMeanwhile,
    "case_words_permit_fkey": ChangedMeanwhile,
    "case_notice_permit_fkey": ChangedMeanwhile,
    "consultation_asked_town_fkey": ChangedMeanwhile,
    "consultation_permit_fkey": ChangedMeanwhile,
    "case_key_permit_fkey": ChangedMeanwhile,
    "case_key_reference_unique": ChangedMeanwhile,
    "blackout_area_plausible": BadGeometry,
    "blackout_period_not_empty": BadInterval,
    "blackout_town_fkey": ChangedMeanwhile,
    "construction_site_detour_plausible": BadGeometry,
    "construction_site_source_unique": ChangedMeanwhile,
    "construction_site_town_fkey": ChangedMeanwhile,
    "detour_source_unique": ChangedMeanwhile,
    "detour_town_fkey": ChangedMeanwhile,
    "event_detour_plausible": BadGeometry,
    "event_source_unique": ChangedMeanwhile,
    "event_town_fkey": ChangedMeanwhile,
    "fee_entry_notice_fkey": ChangedMeanwhile,
    "fee_notice_cash_reference_unique": ChangedMeanwhile,
    "fee_notice_permit_fkey": ChangedMeanwhile,
    "fee_notice_town_fkey": ChangedMeanwhile,
    "finding_mine_fkey": ChangedMeanwhile,
    "finding_other_fkey": ChangedMeanwhile,
    "fire_area_object_unique": ChangedMeanwhile,
    "fire_area_place_plausible": BadGeometry,
    "fire_area_source_unique": ChangedMeanwhile,
    "fire_area_town_fkey": ChangedMeanwhile,
    "message_consultation_fkey": ChangedMeanwhile,
    "message_one_line": Invalid,
    "message_once_of_object_unique": ChangedMeanwhile,
    "message_once_unique": ChangedMeanwhile,
    "message_permit_fkey": ChangedMeanwhile,
    "message_told_town_fkey": ChangedMeanwhile,
    "message_town_fkey": ChangedMeanwhile,
    "no_dig_period_area_plausible": BadGeometry,
    "no_dig_period_not_empty": BadInterval,
    "no_dig_period_segment_fkey": ChangedMeanwhile,
    "no_dig_period_segment_unique": ChangedMeanwhile,
    "no_dig_period_town_fkey": ChangedMeanwhile,
    "object_change_town_fkey": ChangedMeanwhile,
    "occupation_area_plausible": BadGeometry,
    "occupation_detour_plausible": BadGeometry,
    "occupation_heights_in_order": BadHeights,
    "occupation_open_end_is_unknown": BadInterval,
    "occupation_period_half_open": BadInterval,
    "occupation_period_not_empty": BadInterval,
    "occupation_segment_segment_fkey": ChangedMeanwhile,
    "occupation_somewhere": BadGeometry,
    "occupation_town_fkey": ChangedMeanwhile,
    "finding_due_occupation_fkey": ChangedMeanwhile,
    "pending_permit_permit_fkey": ChangedMeanwhile,
    "pending_permit_town_fkey": ChangedMeanwhile,
    "permit_area_plausible": BadGeometry,
    "permit_parent_fkey": ChangedMeanwhile,
    "permit_past_permit_fkey": ChangedMeanwhile,
    "permit_period_not_empty": BadInterval,
    "permit_reference_unique": ChangedMeanwhile,
    "permit_town_fkey": ChangedMeanwhile,
    "permit_transition_permit_fkey": ChangedMeanwhile,
    "published_permit_town_fkey": ChangedMeanwhile,
    "reinstatement_area_plausible": BadGeometry,
    "reinstatement_source_unique": ChangedMeanwhile,
    "reinstatement_town_fkey": ChangedMeanwhile,
    "retention_run_town_fkey": ChangedMeanwhile,
    "sign_in_key_fkey": ChangedMeanwhile,
    "sign_in_person_fkey": ChangedMeanwhile,
    "desk_person_town_fkey": ChangedMeanwhile,
    "desk_person_unique": ChangedMeanwhile,
    "sign_in_town_fkey": ChangedMeanwhile,
    "site_contact_site_fkey": ChangedMeanwhile,
    "site_contact_town_fkey": ChangedMeanwhile,
}

# Nothing that a client sends decides these; one of them broken is a fault of ours.
INTERNAL = frozenset({
    "background_work_counts", "background_work_state_known", "blackout_refuses_something",
    "case_document_media_type_known", "case_document_removed_whole", "case_document_size_plausible",
    "case_notice_decision_known", "case_notice_made_whole",
    "change_batch_position_unique",
    "consultation_answered_whole", "consultation_verdict_known",
    "construction_site_gid_unique", "construction_site_state_known",
    "construction_site_street_check_known", "desk_person_role_known",
    "detour_gid_unique", "detour_state_known",
    "event_gid_unique", "event_hours_not_negative", "event_state_known",
    "fee_entry_amount_positive", "fee_entry_kind_known", "fee_notice_amount_positive",
    "finding_block_settled_by_override", "finding_due_work_fkey", "finding_settled_severity_known",
    "finding_severity_known", "finding_status_known", "finding_together_finding_fkey",
    "message_about_one_thing", "message_state_known",
    "fire_area_kind_known", "object_change_deed_known", "occupation_binding_counts",
    "occupation_collection_known", "occupation_detour_modes_known",
    "occupation_segment_occupation_fkey", "pending_permit_gid_unique",
    "permit_filed_has_reference", "permit_granted_has_findings",
    "permit_rule_basis_fkey", "permit_source_unique", "permit_status_known", "published_change_deed_known",
    "published_permit_gid_unique", "sign_in_role_known",
})  # fmt: skip

# Tables that only the command line writes; their commands check the files and say what is wrong.
INTERNAL_TABLES = frozenset({
    "api_key", "bus_route", "bus_route_segment", "facility", "procrastinate_events",
    "procrastinate_jobs", "procrastinate_periodic_defers", "road_node", "road_segment",
    "site_feed_record", "spatial_ref_sys", "tariff", "town", "town_parameter", "town_piece",
})  # fmt: skip


def meaning_of(error: IntegrityError) -> type[GeoServiceError] | None:
    """What the broken constraint means to the client, or None if it is none of its business."""
    cause = error.orig
    name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    return MEANING.get(name or "")
