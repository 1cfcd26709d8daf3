"""What websites call the fields of QuickBooks, in English and French; the likeliest name of each first.

Names stand in small letters without accents; `meanings` looks them up whatever the site does with capitals and
underscores. No name stands for two fields of one list.
"""

from typing import Final

Synonyms = tuple[tuple[str, tuple[str, ...]], ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _read(text: str) -> Synonyms:
    """Read lines of a field and its names; a field may take several lines."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.strip().splitlines():
        field, *names = line.split()
        found[field] = (*found.get(field, ()), *names)
    return tuple(found.items())


KEYS: Final = _names(
    """
    qb_list_id quickbooks_list_id qbd_list_id list_id quickbooks_id qb_id qbd_id qbid qb_ref quickbooks_ref
    id_quickbooks id_qb ref_quickbooks ref_qb external_id ext_id id_externe
    """
)
"""Columns made to hold the ListID."""

_PARTS: Final = _read(
    """
    Addr1       address address1 address_line1 addr1 line1 street street1 adresse adresse1 rue
    Addr2       address2 address_line2 addr2 line2 street2 adresse2
    Addr3       address3 address_line3 addr3 line3 street3 adresse3
    City        city town ville municipalite
    State       state province region etat province_code
    PostalCode  postal_code postcode zip zip_code post_code code_postal cp
    Country     country pays country_name
    """
)
_BILL: Final = ("billing_", "bill_", "bill_to_", "billing_address_", "bill_address_", "invoice_", "facturation_")
_SHIP: Final = ("shipping_", "ship_", "ship_to_", "shipping_address_", "ship_address_", "delivery_", "livraison_")
_BILL_AFTER: Final = ("_facturation", "_de_facturation", "_billing")
_SHIP_AFTER: Final = ("_livraison", "_de_livraison", "_shipping", "_delivery")


def _address(of: str, before: tuple[str, ...], after: tuple[str, ...], *, is_plain: bool) -> Synonyms:
    def names(part: tuple[str, ...]) -> tuple[str, ...]:
        with_words = [f"{word}{name}" for name in part for word in before] + [f"{n}{w}" for n in part for w in after]
        return (*with_words, *(part if is_plain else ()))

    return tuple((f"{of}.{part}", names(words)) for part, words in _PARTS)


CUSTOMER: Final[Synonyms] = (
    *_read(
        """
FullName                full_name name display_name nom_complet nom nom_affiche denomination
CompanyName             company_name company business_name organization organisation raison_sociale societe
CompanyName             entreprise compagnie nom_entreprise nom_societe
Salutation              salutation civility civilite
FirstName               first_name given_name forename fname prenom
MiddleName              middle_name second_name deuxieme_prenom
LastName                last_name family_name surname lname nom_de_famille nom_famille
JobTitle                job_title position fonction titre_poste
Email                   email e_mail mail email_address courriel adresse_courriel adresse_email
Cc                      cc email_cc cc_email courriel_cc
Phone                   phone phone_number telephone tel telephone_number main_phone numero_telephone no_telephone
Phone                   num_tel
AltPhone                alt_phone phone2 phone_2 mobile mobile_phone cell cell_phone cellulaire telephone2 tel2
AltPhone                autre_telephone
Fax                     fax fax_number telecopieur telecopie
Contact                 contact contact_name contact_person personne_ressource nom_contact
AltContact              alt_contact contact2 autre_contact
CustomerType            customer_type customer_group group type category type_client groupe categorie
Terms                   terms payment_terms payment_term conditions_paiement modalites modalites_paiement conditions
SalesRep                sales_rep sales_person salesman rep representative representant vendeur
PriceLevel              price_level price_group price_list niveau_prix groupe_prix liste_prix
Currency                currency currency_name devise monnaie
SalesTaxCode            sales_tax_code tax_code code_taxe
TaxRegistrationNumber   tax_registration_number tax_number tax_id vat_number vat_id numero_tps no_tps numero_taxe
PreferredPaymentMethod  preferred_payment_method payment_method mode_paiement mode_de_paiement
JobStatus               job_status statut_projet
TimeModified            qb_time_modified qb_modified quickbooks_modified time_modified
EditSequence            edit_sequence qb_edit_sequence
Balance                 balance account_balance solde solde_compte
TotalBalance            total_balance solde_total
CreditLimit             credit_limit limite_credit limite_de_credit
AccountNumber           account_number account_no account_num customer_number customer_no customer_code
AccountNumber           numero_client no_client code_client numero_compte no_compte
ResaleNumber            resale_number resale_no
Notes                   notes note comments remarks remarques commentaires commentaire
        """
    ),
    *_address("BillAddress", _BILL, _BILL_AFTER, is_plain=True),
    *_address("ShipAddress", _SHIP, _SHIP_AFTER, is_plain=False),
)

ITEM: Final[Synonyms] = _read(
    """
Name                    name title nom titre designation libelle intitule label
FullName                full_name nom_complet qb_full_name qb_name quickbooks_name
Type                    type kind genre
ManufacturerPartNumber  sku mpn manufacturer_part_number part_number part_no code reference ref model product_code
ManufacturerPartNumber  item_code product_number modele ugs numero_piece no_piece code_produit code_article
ManufacturerPartNumber  numero_produit
BarCodeValue            barcode bar_code bar_code_value upc ean ean13 gtin code_barres code_barre cup
Description             description long_description details desc descr body body_html description_longue texte
Price                   price unit_price sales_price selling_price regular_price retail_price list_price price_cents
Price                   price_in_cents unit_price_cents prix prix_unitaire prix_vente prix_de_vente tarif prix_cents
Price                   prix_en_cents
QuantityAvailable       quantity_available available stock quantity qty stock_quantity stock_qty inventory_quantity
QuantityAvailable       inventory units_in_stock stock_level quantite_disponible disponible quantite qte
QuantityAvailable       quantite_stock quantite_en_stock qte_stock qte_en_stock
QuantityOnHand          quantity_on_hand qty_on_hand on_hand quantite_en_main en_main
QuantityOnOrder         quantity_on_order qty_on_order on_order quantite_en_commande en_commande
QuantityOnSalesOrder    quantity_on_sales_order on_sales_order reserved qty_reserved quantite_reservee reserve
Class                   category category_name categorie class classe department rayon famille
UnitOfMeasureSet        unit_of_measure unit uom unite unite_mesure unite_de_mesure
SalesTaxCode            sales_tax_code tax_code tax_class code_taxe
IsTaxIncluded           is_tax_included tax_included taxes_incluses taxe_incluse
TimeModified            qb_time_modified qb_modified quickbooks_modified time_modified
EditSequence            edit_sequence qb_edit_sequence
PurchaseCost            cost cost_price purchase_cost purchase_price unit_cost cost_cents cout cout_unitaire
PurchaseCost            prix_coutant prix_achat prix_d_achat
AverageCost             average_cost avg_cost cout_moyen
PurchaseDesc            purchase_description purchase_desc description_achat
PrefVendor              vendor supplier preferred_vendor vendor_name supplier_name fournisseur
IncomeAccount           income_account compte_revenu compte_revenus
Notes                   notes note remarques
    """
)

OF_LIST: Final[dict[str, Synonyms]] = {"customer": CUSTOMER, "item": ITEM}

ACTIVE: Final = _names(
    """
    is_active active enabled is_enabled visible is_visible published is_published actif est_actif active_yn publie
    est_publie en_ligne status state statut etat
    """
)
"""Columns that say that a record is to be shown; the words of an enum tell which of them says so."""

HIDDEN: Final = _names(
    """
    hidden is_hidden disabled is_disabled archived is_archived inactive is_inactive discontinued is_discontinued
    is_deleted deleted inactif est_inactif masque est_masque cache archive desactive supprime
    """
)
"""The same the other way round."""

HIDDEN_AT: Final = _names(
    """
    deleted_at archived_at hidden_at disabled_at discontinued_at supprime_le desactive_le archive_le
    """
)

YES: Final = _names(
    """
    active actif enabled published publish live visible online publie en_ligne
    """
)
NO: Final = _names(
    """
    inactive inactif disabled unpublished proposal hidden archived offline brouillon masque archive hors_ligne
    """
)
"""Words of an enum that mean active, and those that do not; the likeliest first."""

CREATED: Final = _names(
    """
    created_at created_on created create_date date_created created_date creation_date date_creation cree_le
    date_add date_ajout ajoute_le added_at inserted_at registered_at date_joined joined_at date_inscription
    inscrit_le
    """
)
UPDATED: Final = _names(
    """
    updated_at updated_on updated update_date date_updated modified_at modified_on modified date_modified
    last_modified last_update last_updated date_upd date_modification modifie_le mis_a_jour_le date_maj maj_le maj
    mis_a_jour
    """
)

SLUG: Final = _names(
    """
    slug url_slug url_key seo_url permalink handle url_rewrite identifiant_url
    """
)
UUID: Final = _names(
    """
    uuid guid public_id public_uuid uid
    """
)

TABLES: Final = {
    "customer": ("customers", "customer", "clients", "client", "clientele", "accounts"),
    "item": (
        "products",
        "product",
        "items",
        "item",
        "produits",
        "produit",
        "articles",
        "article",
        "catalogue",
        "catalog",
    ),
}
"""What a list's table is called; also what stands before its columns ("product_name")."""

LABELS: Final = _names(
    """
    name label title nom libelle titre code full_name nom_complet designation initials initiales
    """
)
"""Columns of another table that hold what people, and QuickBooks, call its rows."""
