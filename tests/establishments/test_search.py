import pytest
from hypothesis import given
from hypothesis import strategies as st

from establishments import search


@pytest.mark.parametrize(
    ("published", "typed"),
    [
        ("ASS.ACCUEIL FORMA INSERT PERSON SOURD", "association accueil forma insert personnes sourd"),
        ("ASS. LA PROVIDENCE", "Association la Providence"),
        ("ASSOC LES TILLEULS", "asso les tilleuls"),
        ("RES. ST-JEAN", "résidence Saint Jean"),
        ("FOYER STE ANNE", "Foyer Sainte-Anne"),
        ("E. H. P. A. D.  CLOVIS HOARAU", "ehpad Clovis Hoarau"),
        ("ETS HEBERGEMENT PR PERSONNES AGEES DEPENDANTES X", "EHPAD X"),
        ("S.S.I.A.D. PIERRE BLANCHARD", "SSIAD Pierre Blanchard"),
        ("A D M R", "ADMR"),
        ("CTRE HOSPITALIER DE LA HAUTE COTE D OR", "Centre hospitalier de la Haute Côte-d’Or"),
        ("CHU DIJON BOURGOGNE", "centre hospitalier universitaire Dijon Bourgogne"),
        ("CH D'AUXONNE", "Centre Hospitalier d’Auxonne"),
        ("FOND. DE L'ŒUVRE", "Fondation de l'oeuvre"),
        ("MAIS. RETR. L'ÉTOILE", "maison de retraite l’étoile"),
        ("MDR LES LILAS", "Maison de retraite les Lilas"),
        ("N.D. DE LA PAIX", "Notre Dame de la Paix"),
        ("SCE D'AIDE MENAGERE", "service d’aide ménagère"),
        ("PÈRE & FILS", "pere et fils"),
        ("FOYER   «LE   PHARE»", "foyer le phare"),
    ],
)
def test_published_and_typed_names_come_to_the_same_spelling(published: str, typed: str) -> None:
    assert search.normalise(published) == search.normalise(typed)


def test_different_names_stay_different() -> None:
    names = ["SAINT JEAN", "SAINTE JEANNE", "LES TILLEULS", "LE TILLEUL", "CENTRE 94", "CENTRE 93"]
    assert len({search.normalise(name) for name in names}) == len(names)


@given(st.text(alphabet="abdelnst.'’- éœ&ÀC", max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = search.normalise(text)
    assert search.normalise(once) == once


@given(st.text(max_size=60))
def test_normalised_text_holds_small_letters_digits_and_single_spaces_only(text: str) -> None:
    normalised = search.normalise(text)
    assert set(normalised) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert normalised == " ".join(normalised.split())


def test_abbreviation_may_also_be_the_beginning_of_another_word() -> None:
    assert search.wanted("dom services") == [("domicile", "dom"), ("service", "services")]
    assert search.holds(search.searchable("DOMINO SERVICES 94"), search.wanted("dom"))
    assert search.holds(search.searchable("AIDE A DOMICILE"), search.wanted("dom"))


def test_small_words_count_only_alone() -> None:
    assert search.wanted("les amis de la vie") == [("amis",), ("vie",)]
    assert search.wanted("la") == [("la",)]
    assert search.wanted("  …  ") == []


def test_word_is_found_by_its_beginning_never_by_its_middle() -> None:
    text = search.searchable("RESIDENCE LES TILLEULS")
    assert search.holds(text, search.wanted("till"))
    assert not search.holds(text, search.wanted("illeul"))


def test_search_of_a_thousand_words_is_cut() -> None:
    assert len(search.wanted("mot " + " ".join(f"a{n}" for n in range(1000)))) <= 12


def test_unknown_name_sorts_last() -> None:
    assert sorted([search.sort_key(""), search.sort_key("ZZZ 999")])[-1] == search.sort_key("")
