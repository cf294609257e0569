"""Headers of product sheets in other languages than English, with the columns of Shopify that they mean."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from storefront.unicode_text import normalize

# By language: our header, and the words for it, in small letters without accents.
_WORDS: dict[str, dict[str, str]] = {
    "German": {
        "Title": "titel|produktname|artikelname|bezeichnung|artikelbezeichnung|produkttitel",
        "Price": "preis|verkaufspreis|variantenpreis|regularer preis|vk-preis|bruttopreis",
        "Description": "beschreibung|artikelbeschreibung|produktbeschreibung|langtext",
        "SKU": "artikelnummer|art.-nr.|artikel-nr.|varianten-sku|bestellnummer",
        "Inventory quantity": "bestand|lagerbestand|menge|anzahl|lagermenge",
        "Vendor": "anbieter|hersteller|verkaufer|lieferant|marke",
        "Tags": "schlagworter|schlagworte|stichworter",
        "Product category": "kategorie|kategorien|warengruppe",
        "Published": "veroffentlicht|sichtbar|aktiv",
        "Weight value (grams)": "gewicht|gewicht (g)",
        "Product image URL": "bild|bilder|bild-url|produktbild",
    },
    "French": {
        "Title": "titre|nom|nom du produit|designation|intitule",
        "Price": "prix|prix de vente|prix ttc|prix ht|tarif|prix de la variante",
        "Description": "description du produit|descriptif",
        "SKU": "reference|ref|ugs|reference produit",
        "Inventory quantity": "quantite|stock disponible|quantite en stock",
        "Vendor": "fournisseur|marque|fabricant|distributeur",
        "Tags": "etiquettes|balises|mots-cles",
        "Product category": "categorie|categories du produit",
        "Published": "publie|actif|visible",
        "Weight value (grams)": "poids|poids (g)",
        "Product image URL": "image du produit|url de l'image|photo",
    },
    "Spanish": {
        "Title": "titulo|nombre|nombre del producto",
        "Price": "precio|precio de venta",
        "Description": "descripcion",
        "SKU": "referencia|codigo",
        "Inventory quantity": "cantidad|existencias|inventario",
        "Vendor": "proveedor|marca|fabricante",
        "Tags": "etiquetas",
        "Product category": "categoria|categorias",
        "Published": "publicado",
        "Weight value (grams)": "peso",
        "Product image URL": "imagen|url de la imagen",
    },
    "Italian": {
        "Title": "titolo|nome|nome prodotto|nome del prodotto",
        "Price": "prezzo|prezzo di vendita",
        "Description": "descrizione",
        "SKU": "codice|codice articolo|riferimento",
        "Inventory quantity": "quantita|giacenza|scorte",
        "Vendor": "fornitore|marca|marchio",
        "Tags": "etichette|tag",
        "Product category": "categoria|categorie",
        "Published": "pubblicato",
        "Weight value (grams)": "peso",
        "Product image URL": "immagine|url immagine",
    },
    "Dutch": {
        "Title": "titel|naam|productnaam",
        "Price": "prijs|verkoopprijs",
        "Description": "beschrijving|omschrijving",
        "SKU": "artikelnummer|artikelcode",
        "Inventory quantity": "voorraad|aantal",
        "Vendor": "leverancier|merk",
        "Tags": "trefwoorden",
        "Product category": "categorie",
        "Published": "gepubliceerd",
        "Weight value (grams)": "gewicht",
        "Product image URL": "afbeelding",
    },
    "Portuguese": {
        "Title": "titulo|nome|nome do produto",
        "Price": "preco|preco de venda",
        "Description": "descricao",
        "SKU": "codigo|referencia",
        "Inventory quantity": "quantidade|estoque|stock atual",
        "Vendor": "fornecedor|marca",
        "Tags": "etiquetas|tags",
        "Product category": "categoria|categorias",
        "Published": "publicado",
        "Weight value (grams)": "peso",
        "Product image URL": "imagem|url da imagem",
    },
}


def find_language(header: Sequence[str]) -> tuple[str, list[tuple[str, str]]] | None:
    """Return the language of a translated header, and its columns with our names; None if it is not translated.

    It must have a word for a price or a quantity, and another of our columns.
    """
    best: tuple[str, list[tuple[str, str]]] | None = None
    for language, words in _WORDS.items():
        meant = {word: name for name, listed in words.items() for word in listed.split("|")}
        pairs = [(cell, meant[word]) for cell in header if (word := _fold(cell)) in meant]
        names = {name for _, name in pairs}
        if (
            len(names) >= 2
            and names & {"Price", "Inventory quantity"}
            and (not best or len(pairs) > len(best[1]))
        ):
            best = (language, pairs)
    return best


def read_names(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Return our headers by the translated ones, if they are clear: one says which product, none says the same twice.

    Else it is empty. Two prices, such as one before tax and one after, are for the merchant to choose from.
    """
    names = [name for _, name in pairs]
    is_clear = len(set(names)) == len(names) and not {"Title", "SKU"}.isdisjoint(names)
    return dict(pairs) if is_clear else {}


def _fold(cell: str) -> str:
    """Return a header in small letters without accents."""
    letters = normalize("NFKD", cell[:100].casefold())
    return " ".join(
        "".join(sign for sign in letters if not unicodedata.combining(sign)).replace("_", " ").split()
    )
