"""Who fills a database of the reference volume: référents, verifiers, instructeurs régionaux, responsables."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from accounts.enums import Role

#: How the user name of each of these accounts begins: how they are told from real ones.
PREFIX = "volume-"
VERIFIERS, LEADS, REGIONALS_A_REGION = 30, 3, 2
_FIRST_NAMES = (
    "Agnès Alain Amina Anaïs André Aurélie Béatrice Bernard Bruno Camille Catherine Céline Chloé Christophe Claire "
    "Damien Denis Éléonore Élise Émile Éric Fabien Fatima Florence François Françoise Gaëlle Gérard Hélène Hugo "
    "Inès Isabelle Jacques Jérôme Joëlle Karim Laure Léa Loïc Lucie Maëlle Marc Margaux Mathieu Maxime Mélanie "
    "Michel Nadia Nicolas Noémie Odile Olivier Pascale Patrick Paul Pierre Raphaël Réjane Sébastien Sophie Stéphane "
    "Thérèse Thomas Valérie Véronique Vincent Xavier Yasmine Yves Zoé"
)
_LAST_NAMES = (
    "Adam Aubert Bailly Barbier Baron Benoît Bertrand Besson Blanc Bonnet Boucher Bourgeois Boyer Brun Carpentier "
    "Charpentier Chevalier Clément Colin Collet Cordier Daniel David Delattre Deschamps Diallo Dubois Dufour Dumas "
    "Dupont Durand Étienne Fabre Faure Fernandez Fleury Fontaine Fournier Garcia Garnier Gauthier Gérard Girard "
    "Giraud Guérin Guillaume Haddad Henry Hervé Hubert Humbert Jacob Jacquet Joly Julien Klein Lacroix Lambert "
    "Langlois Laurent Leblanc Leclerc Lefèvre Léger Lemaire Lemoine Leroux Lévêque Mallet Marchand Maréchal Marie "
    "Martinez Mercier Meunier Michaud Millet Moreau Morel Morin Moulin Navarro Nguyen Noël Olivier Pelletier Perez "
    "Perrin Petit Philippe Picard Pierron Poirier Prévost Renard Renaud Richard Rivière Robin Roche Rousseau "
    "Roussel Royer Sanchez Schmitt Simonet Tessier Thévenot Vallet Vasseur Vidal Weber Zimmermann"
)
FIRST_NAMES, LAST_NAMES = tuple(_FIRST_NAMES.split()), tuple(_LAST_NAMES.split())


@dataclass(frozen=True)
class Person:
    """An account to write. `regions` are those of an instructeur régional."""

    key: int
    number: int
    role: Role
    civility: str
    first_name: str
    last_name: str
    public_id: uuid.UUID
    regions: tuple[str, ...] = ()

    @property
    def username(self) -> str:
        return f"{PREFIX}{self.role}-{self.number}"

    @property
    def email(self) -> str:
        return f"{self.username}@exemple.fr"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def drawn(chance: random.Random, first_key: int, role: Role, number: int, regions: tuple[str, ...] = ()) -> Person:
    return Person(
        key=first_key,
        number=number,
        role=role,
        civility=chance.choice(("madame", "monsieur")),
        first_name=chance.choice(FIRST_NAMES),
        last_name=chance.choice(LAST_NAMES),
        public_id=uuid.UUID(int=chance.getrandbits(128), version=4),
        regions=regions,
    )


def staff(chance: random.Random, first_key: int, regions: list[str]) -> Iterator[Person]:
    """Those who instruct, numbered from 1 in each role."""
    places: list[tuple[Role, int, tuple[str, ...]]] = [(Role.VERIFIER, number + 1, ()) for number in range(VERIFIERS)]
    places += [(Role.LEAD, number + 1, ()) for number in range(LEADS)]
    places += [
        (Role.REGIONAL, REGIONALS_A_REGION * place + number + 1, (code,))
        for place, code in enumerate(regions)
        for number in range(REGIONALS_A_REGION)
    ]
    for place, (role, number, codes) in enumerate(places):
        yield drawn(chance, first_key + place, role, number, codes)


def referents(chance: random.Random, first_key: int, count: int) -> Iterator[Person]:
    for place in range(count):
        yield drawn(chance, first_key + place, Role.REFERENT, place + 1)
