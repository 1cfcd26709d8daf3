"""Names, streets and things a small hardware business has in its books; all of them made up."""

# ruff: noqa: RUF001 - the names hold the apostrophes and dashes that QuickBooks keeps in Windows-1252

SURNAMES = (
    "Abbott", "Bélanger", "Carver", "Côté", "Dalton", "Dubé", "Ellery", "Fournier", "Gagné", "Hollis",
    "Irving", "Jankowski", "Kessler", "Lefèvre", "L’Écuyer", "Marchand", "McAllister", "Nadeau", "O'Brien", "Ouellet",
    "Pérez", "Quinn", "Rousseau", "Saint-Onge", "Schröder", "Thibault", "Tremblay", "Underhill", "Vachon", "Waller",
    "Whitcomb", "Yardley", "Zimmer", "Çelik", "Desœuvres", "Beauséjour", "Norgaard", "Prévost", "Stanhope", "Labonté",
)  # fmt: skip
FIRST_NAMES = (
    "Alice", "André", "Béatrice", "Brian", "Céline", "Daniel", "Élodie", "Émile", "Frances", "François",
    "Geneviève", "Grace", "Hélène", "Henry", "Irène", "Jack", "Jean-Sébastien", "Joëlle", "Karen", "Léo",
    "Louise", "Martin", "Maude", "Noël", "Nora", "Olivier", "Paul", "Rachel", "René", "Sophie",
    "Thérèse", "Thomas", "Ursula", "Victor", "Wendy", "Zoé",
)  # fmt: skip
FIRMS = (
    "{} Construction",
    "Quincaillerie {}",
    "{} & Sons",
    "Toitures {}",
    "{} Plumbing",
    "Rénovations {}",
    "{} Landscaping",
    "Menuiserie {} Inc.",
    "{} Property Management",
    "Électricité {}",
    "{} Marine",
    "Les Entreprises {}",
)
JOBS = (
    "Kitchen",
    "Deck",
    "Garage",
    "Toiture 2024",
    "Bathroom",
    "Salle d’eau",
    "Fence",
    "Entrepôt",
    "Basement",
    "Rénovation",
)
STREETS = (
    "Main Street",
    "Elm Avenue",
    "rue Principale",
    "Mill Road",
    "chemin du Lac",
    "Depot Street",
    "boulevard Taché",
    "Bridge Street",
    "rue de l’Église",
    "County Road 9",
)
TOWNS = {
    "US": (
        ("Portland", "ME", "04101"),
        ("Concord", "NH", "03301"),
        ("Burlington", "VT", "05401"),
        ("Bangor", "ME", "04401"),
    ),
    "CA": (
        ("Québec", "QC", "G1R 2J6"),
        ("Trois-Rivières", "QC", "G9A 1A1"),
        ("Sherbrooke", "QC", "J1H 1Z1"),
        ("Gatineau", "QC", "J8X 2A4"),
    ),
}
COUNTRIES = {"US": "US", "CA": "Canada"}
TERMS = ("Net 30", "Due on receipt", "2% 10 Net 30", "Net 15")
CUSTOMER_TYPES = ("Retail", "Contractor", "Wholesale", "Détail")
SALES_REPS = ("ABL", "JCT", "MR")
PRICE_LEVELS = ("Contractor", "Volume")
CLASSES = ("Store", "Web", "Store:Paint")
PAYMENTS = ("Check", "Visa", "Cash")
COLOURS = ("Red", "Bleu forêt", "Jaune", "Green")

THINGS = (
    ("Hex bolt", "Zinc-plated hex bolt"),
    ("Vis à bois", "Vis à bois, tête fraisée"),
    ("Clé à molette", "Clé à molette pour l’atelier"),
    ("Paint brush", "Natural bristle brush"),
    ("Boîte d’œillets", "Œillets en laiton, boîte de 100"),
    ("PVC elbow", "PVC elbow, schedule 40"),
    ("Hinge", "Butt hinge, brass"),
    ("Câble", "Câble d’acier galvanisé"),
    ("Drill bit", "Cobalt drill bit"),
    ("Sandpaper", 'Sandpaper <80> & finer, "wet/dry"'),
    ("Lock", "Dead bolt, 2 keys"),
    ("Joint d’étanchéité", "Joint d’étanchéité — porte"),
)  # fmt: skip
SIZES = ("1/4 in", "3/8 in", "1/2 in", "5/8 in", "3/4 in", "1 in", "20 mm", "25 mm", "n° 8", "n° 10")
