"""Q72: what people type, on real entities. For each search, the entity meant is among the first three.

`data/README.md` says what the directory holds: 1,314 entities and 3,575 sites, 577 of the entities without a published
name, known by their sites alone.
"""

import pytest
from django.conf import settings

from establishments import queries, workflow
from tests.establishments.conftest import DATA

BURGUNDY, CORSICA, REUNION = "27", "94", "04"
FIRST = 3

#: Type of establishment, région, what is typed, FINESS number of the entity meant.
SEARCHES = [
    # Accents: those that FINESS left out, and those that people leave out.
    ("essms", BURGUNDY, "ehpad les blés d'or", "580000180"),
    ("essms", BURGUNDY, "Résidence Sainte-Anne", "710978354"),
    ("essms", BURGUNDY, "sad les mesanges", "210009148"),
    ("essms", BURGUNDY, "mutualite francaise dijon", "210781266"),
    ("essms", BURGUNDY, "institut département enfance et famille", "710012790"),
    ("essms", BURGUNDY, "issy-l'évêque", "710000076"),
    ("essms", CORSICA, "EHPAD L’Âge d’Or", "2B0000228"),
    ("essms", REUNION, "sessad raphaël babet", "970430898"),
    # Abbreviations, on either side.
    ("es", BURGUNDY, "CH Auxerre", "890000037"),
    ("es", BURGUNDY, "centre hospitalier de Clamecy", "580780070"),
    ("es", BURGUNDY, "C.H. Mâcon", "710780263"),
    ("es", BURGUNDY, "ch d'auxonne", "210780672"),
    ("es", BURGUNDY, "chu dijon", "210780581"),
    ("es", BURGUNDY, "centre hospitalier régional universitaire dijon", "210780581"),
    ("es", BURGUNDY, "hôpital de Morteau", "250000221"),
    ("es", BURGUNDY, "hopital saint claude", "390780161"),
    ("es", BURGUNDY, "chi haute comté", "250000452"),
    ("es", CORSICA, "hopital ajaccio", "2A0000014"),
    ("es", REUNION, "chu saint pierre", "970408589"),
    ("essms", BURGUNDY, "association aide aux personnes âgées", "390000818"),
    ("essms", BURGUNDY, "résidence autonomie Les Tilleuls Saint-Vallier", "710971425"),
    ("essms", BURGUNDY, "foyer logement saint julien sennecey", "710973298"),
    ("essms", BURGUNDY, "maison de retraite les colchiques", "580000651"),
    ("essms", CORSICA, "mdr sainte devote", "2B0000632"),
    ("essms", BURGUNDY, "établissement d'hébergement pour personnes âgées dépendantes de Laignes", "210000238"),
    ("essms", CORSICA, "institut médico-éducatif les moulins blancs", "2A0022885"),
    ("essms", CORSICA, "maison d'accueil spécialisée l'albizzia", "750719239"),
    # Saint and sainte.
    ("essms", CORSICA, "ehpad st andré", "2B0001333"),
    ("essms", CORSICA, "sainte famille", "2B0000244"),
    ("essms", BURGUNDY, "ehpad saint julien du sault", "890000664"),
    ("essms", BURGUNDY, "villa st joseph", "700000094"),
    ("essms", BURGUNDY, "saint benin d azy", "580000214"),
    ("essms", BURGUNDY, "ND de Marloux", "710010547"),
    ("es", BURGUNDY, "clinique saint martin", "700000052"),
    # Order of words, words left out, words cut.
    ("essms", BURGUNDY, "jacquelinet marcel", "210002903"),
    ("essms", BURGUNDY, "corbigny oeuvre hospitalière", "580000412"),
    ("essms", BURGUNDY, "opalines digoin", "710015249"),
    ("essms", BURGUNDY, "croix rouge", "750721334"),
    ("essms", BURGUNDY, "jard medicis", "710011404"),
    ("essms", BURGUNDY, "nicole limoge", "710000365"),
    # Slips of the keyboard.
    ("essms", BURGUNDY, "ephad auguste arvier", "210000287"),
    ("essms", BURGUNDY, "ehpad charles michelant", "710000225"),
    ("essms", BURGUNDY, "marcel jacquelinnet", "210002903"),
    ("essms", BURGUNDY, "ehpad les maronniers", "710000183"),
    ("essms", BURGUNDY, "korain bel saone", "250018629"),
    ("essms", BURGUNDY, "colchqiues", "580000651"),
    ("essms", BURGUNDY, "ehpad guerigny forges royalles", "680021821"),
    ("essms", CORSICA, "notre damme bastia", "2B0000178"),
    ("es", CORSICA, "polyclinique maimard", "2B0000053"),
    ("es", REUNION, "clinique les tammarins", "970404539"),
    ("essms", BURGUNDY, "belsaone korian", "250018629"),
    # Numbers of entities and of sites, whole or begun, spaced or not.
    ("essms", BURGUNDY, "710000183", "710000183"),
    ("essms", BURGUNDY, "210 002 903", "210002903"),
    ("essms", BURGUNDY, "39000752", "390007524"),
    ("essms", CORSICA, "2a00011", "2A0001178"),
    ("essms", BURGUNDY, "580781052", "580000263"),
    ("essms", BURGUNDY, "71 078 073", "710000191"),
    ("essms", CORSICA, "2B00042", "2B0000491"),
    ("es", REUNION, "970404588", "970404539"),
    # Names of sites.
    ("essms", BURGUNDY, "ime les cent tilleuls", "210010294"),
    ("essms", BURGUNDY, "ferme de la guye", "710013269"),
    ("essms", BURGUNDY, "esat le vernoy", "710001413"),
    ("essms", BURGUNDY, "EHPAD Notre Dame des Cèdres", "250000981"),
    ("essms", BURGUNDY, "ehpad jacques chauviré", "710780263"),
    ("essms", CORSICA, "chrs sperenza", "2A0002879"),
    ("essms", CORSICA, "a funtanella", "2A0003687"),
    ("essms", REUNION, "les champs de merle", "970430914"),
    ("essms", REUNION, "ehpad les lataniers", "970430898"),
    ("es", BURGUNDY, "hospices civils de beaune", "210012175"),
    ("es", REUNION, "gher", "970403606"),
    # Towns: that of a site, where its name does not hold it.
    ("essms", BURGUNDY, "ehpad romenay", "710000191"),
    ("essms", BURGUNDY, "les opalines paray le monial", "710015256"),
    ("essms", BURGUNDY, "opalines santenay", "210012605"),
    ("essms", BURGUNDY, "aide ménagère Champignelles", "890006802"),
    ("essms", BURGUNDY, "service aide menagere montceau les mines", "710970930"),
    ("essms", BURGUNDY, "adapei pontarlier", "250006111"),
    ("essms", BURGUNDY, "ehpad st philibert dijon", "750721235"),
    ("essms", BURGUNDY, "korian thise", "250011913"),
    ("essms", CORSICA, "ehpad saint andré furiani", "2B0001333"),
    ("essms", REUNION, "saad st louis ccas", "970406823"),
    # Punctuation, and what is copied from a letter.
    ("essms", BURGUNDY, "EHPAD « Les Blés d'Or »", "580000180"),
    ("es", BURGUNDY, "Clinique St-Martin (Vesoul)", "700000052"),
    ("essms", REUNION, "E.H.P.A.D. Les Hibiscus", "970411005"),
    ("essms", BURGUNDY, "EHPAD de BIAN, Cousance", "390000297"),
    ("essms", BURGUNDY, "FL « Le Coteau des Vignes » – Pouilly", "580000321"),
    ("essms", CORSICA, "s.a.j. u stintu", "2A0000220"),
]


@pytest.mark.django_db
def test_entity_meant_is_among_the_first() -> None:
    """One import for all of them."""
    workflow.load_reference(settings.BASE_DIR / "fixtures" / "reference")
    run = workflow.import_extracts([DATA / f"{noun}_three_regions_20210108.csv.gz" for noun in ("ej", "eg")])
    assert (run.created, run.rejected) == (4_889, 0)
    missed = []
    for kind, region_code, text, number in SEARCHES:
        page = queries.picker(kind=kind, region_code=region_code, text=text)[:FIRST]
        if number not in [entity.finess for entity in page]:
            missed.append((text, [entity.label for entity in page]))
    assert not missed
