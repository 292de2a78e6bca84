"""Mutants that are the same in effect, each with the reason; nothing else may survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.mutation.pieces import Mutant

ASKED_AGAIN = (
    "leaves out early what every rule's own conditions leave out; without it a check only takes longer"
)
NULL_SHARES_NOTHING = "what is NULL or empty shares nothing with anybody; spares the look-up"
NO_RULE_ASKS = "only a rule about two such shapes asks this fact; spares the others the measuring"
NEVER_EXACTLY = "measures of drawings, never exactly this; the limit only keeps out what rounding leaves"

TIME_ONLY = "nobody reads the clock at that very instant; what is answered in time is the same"
A_LARGER_BOX = "a larger box tells the same, later"
NOTHING_ASKED = "to ask about nothing finds nothing; spares the asking"
THE_SAME_AGAIN = "computed anew it is the same; spares the computing"


@dataclass(frozen=True)
class Equal:
    """piece, what: patterns of the names of pieces and of what is taken out; * stands for anything."""

    piece: str
    what: str
    reason: str

    def is_about(self, mutant: Mutant) -> bool:
        what = mutant.what.replace("[", "(").replace("]", ")")  # brackets are patterns to fnmatch
        return fnmatchcase(mutant.piece.name, self.piece) and fnmatchcase(what, self.what)


EQUAL: tuple[Equal, ...] = (
    Equal("cut_off*", "> to >= in «network.cut_off_m > 0»", "who is not cut off is no fact: there is none of 0 m"),
    Equal("*_probe", "true for «known.period && *", ASKED_AGAIN),
    Equal("*_probe", "true for «given.excavation»", ASKED_AGAIN),
    Equal("dig_dig_probe", "true for «known.excavation»", ASKED_AGAIN),
    Equal("*_probe", "true for «given.detour_segments IS NOT NULL»", NULL_SHARES_NOTHING),
    Equal("*_probe", "true for «given.closed_segments <> '{}'»", NULL_SHARES_NOTHING),
    Equal("near_candidates", "true for «occupation.occupation_id = ANY*", ASKED_AGAIN),
    Equal("near_candidates", "true for «near.counts»", "the probes ask it before; somebody may stop counting between the two questions"),
    Equal("known_occupations", "true for «known.occupation_id = ANY*", "a search asks a few first and the whole check after"),
    Equal("p*_facts", "true for «spaces.touches»", "where nothing is shared the shared area measures 0, too"),
    Equal("p*_facts", "true for «NOT spaces.touches»", NO_RULE_ASKS),
    Equal("requested_streets", "true for ««who».occupation_id IS NULL»", "what is stored has the source id of no request; spares the look-up"),
    Equal("street_facts", "true for «*.excavation»", NO_RULE_ASKS),
    Equal("detour_hindered", "true for ««who».detour IS NOT NULL»", NO_RULE_ASKS),
    Equal("common_detour", "true for «*.detour IS NOT NULL»", NO_RULE_ASKS),
    Equal("*_rows", "true for «*.period && mine.period»", ASKED_AGAIN),
    Equal("strip_branch", "true for «section.body IS NOT NULL»", "what has no shape is not touched and has no width to be less than"),
    Equal("strip_branch", "> to >= in *mine_part) > 0.0001*", NEVER_EXACTLY),
    Equal("strip_branch", "> to >= in *part.part) > 0.0001*", NEVER_EXACTLY),
    Equal("strip_branch", "true for «*.period && given.period»", ASKED_AGAIN),
    Equal("strip_branch", "true for «stored.area && stated.body»", ASKED_AGAIN),
    Equal("strip_branch", "true for «requested.area && stated.body»", ASKED_AGAIN),
    Equal("strip_branch", "* «level.could < 5»", "asked again by check_frame; spares the naming of what says nothing"),
    Equal("strip_branch", "*level.could < 5*", "asked again by check_frame; spares the naming of what says nothing"),
    Equal("strip_branch", "true for «rule.rule IS NOT NULL»", "always true; it makes the naming wait for the rule"),
    Equal("strip_around", "true for «near.*", "who is looked at again without need finds the same"),
    Equal("network_around", "true for «cardinality(own.closed) > 0»", "who closes nothing lies in nobody's network; spares the look-up"),
    Equal("network_around", "> to >= in *own.closed) > 0*", "who closes nothing lies in nobody's network; spares the look-up"),
    Equal("strip_around", "* «lies.*", "who stands farther away is looked at again and finds the same"),
    Equal("strip_around", "* in «lies.*", "who stands farther away is looked at again and finds the same"),
    Equal("junction_stop_m()", "true for «other.axis && *", ASKED_AGAIN),
    Equal("strip_shape()", "* «half_m > 0»", "what has no width has no area, and who has none is left out in the end"),
    Equal("strip_shape()", "> to >= in «to_m - from_m > 0.01»", NEVER_EXACTLY),
    Equal("strip_middle()", "false for «*", "a line moved by nothing is the line itself; spares the moving"),
    Equal("strip_middle()", "< to <= *", NEVER_EXACTLY),
    Equal("strip_widths()", "true for «NOT isempty(known(i))»", "who is there at no certain time is in no company"),
    Equal("strip_widths()", "true for «i = ANY(certain)»", "who is there at no certain time is in no company"),
    Equal("strip_widths()", "true for «NOT is_certain»", THE_SAME_AGAIN),
    Equal("strip_widths()", "true for «NOT may.all_kept»", THE_SAME_AGAIN),
    Equal("strip_widths()", "true for «cardinality(bound) < cardinality(everyone)»", THE_SAME_AGAIN),
    Equal("strip_widths()", "< to <= in «bound) < cardinality(everyone*", THE_SAME_AGAIN),
    Equal("strip_worst()", "true for «cardinality(there.members) < cardinality(others)»", THE_SAME_AGAIN),
    Equal("strip_worst()", "< to <= in «there.members) < cardinality(others*", THE_SAME_AGAIN),
    Equal("strip_worst()", "< to <= in *stated_with_m < bound_m»", "who states just the bound and lets it pass has been cleared before"),
    Equal("strip_worst()", ">= to > in «stated_m >= without_m*", "what must be taken is asked for less a micrometre"),
    Equal("strip_worst()", "false for «failed(i)»", "what failed where it was wider fails here, too"),
    Equal("strip_worst()", ">= to > in *limits(i) >= fails_from_m»", "asked for itself, what fails from here on does not pass either"),
    Equal("closure_of()", "true for «segment.axis && who.area»", "what does not meet has no length in common"),
    Equal("closures_beside()", "true for «period && mine.period»", ASKED_AGAIN),
    Equal("closures_beside()", "true for «closed_segments <> '{}'»", NOTHING_ASKED),
    Equal("closures_beside()", "false for «((who).end_known AND mine.end_known)»", "what is known of two periods with their ends meets as they do"),
    Equal("simultaneous_sets()", "true for «till IS NOT NULL»", "after the last moment nobody is there"),
    Equal("worst_cut_off()", "false for «complete AND ends_reach_each_other*", "who is not cut off is found in the long way, too"),
    Equal("worst_cut_off()", "false for «cardinality(closed) = 0»", THE_SAME_AGAIN),
    Equal("worst_cut_off()", "* in «) ? give_up*", TIME_ONLY),
    Equal("worst_cut_off()", "true for «cardinality(relevant) > 0»", A_LARGER_BOX),
    Equal("worst_cut_off()", "> to >= in «relevant) > 0»", A_LARGER_BOX),
    Equal("ends_reach_each_other()", "* «asked NOT BETWEEN 2 AND 8»", "says yes less or more often; who is not cut off is found in the long way, too"),
    Equal("ends_reach_each_other()", "true for «segment.gid = ANY(segments)»", "of more ends it says yes less often; who is not cut off is found in the long way, too"),
    Equal("closed_runs()", "false for «NOT EXISTS (SELECT FROM road_segment*", NOTHING_ASKED),
    Equal("closed_runs()", "true for «segment.gid = ANY(closed)»", NOTHING_ASKED),
    Equal("closed_runs()", "true for «segment.start_node <> segment.end_node»", NOTHING_ASKED),
    Equal("closed_runs()", "true for «a <> b»", "pgRouting tells of no way from a place to itself"),
    Equal("closed_runs()", "true for «pairs IS NOT NULL»", NOTHING_ASKED),
    Equal("worst_ways()", "false for «cardinality(others) = 0»", NOTHING_ASKED),
    Equal("worst_ways()", "false for «runs IS NULL»", NOTHING_ASKED),
    Equal("worst_ways()", "* in «) ? give_up*", TIME_ONLY),
    Equal("way_fact()", "> to >= in «way.way_m > 2 * box_m*", NEVER_EXACTLY),
    Equal("way_fact()", "false for «way.alone_m IS NULL»", "who has no way alone has none beside others, and nothing to show"),
    Equal("network_box()", "true for «reach_m < 50000»", "ends before that, where all of the network lies inside"),
    Equal("network_box()", "< to <= *reach_m < 50000*", "ends before that, where all of the network lies inside"),
    Equal("network_facts()", "false for «cardinality(own.driven || own.walked) = 0»", NOTHING_ASKED),
    Equal("network_facts()", "* in «) > give_up»", TIME_ONLY),
    Equal("network_facts()", "false for «clock_timestamp() > give_up*", TIME_ONLY),
    Equal("network_facts()", "true for «fact.leads_out»", A_LARGER_BOX),
    Equal("network_facts()", "false for «NOT EXISTS (SELECT FROM unnest(facts)*", A_LARGER_BOX),
)  # fmt: skip


def reason_why_equal(mutant: Mutant) -> str | None:
    return next((equal.reason for equal in EQUAL if equal.is_about(mutant)), None)


def stale_reasons(mutants: Sequence[Mutant]) -> list[str]:
    """Entries that speak of no mutant any more."""
    return [f"{e.piece}: {e.what}" for e in EQUAL if not any(e.is_about(mutant) for mutant in mutants)]
