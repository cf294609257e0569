"""What finds what: plurals, joined and split words, scripts, barcodes, and words one edit apart."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog import queries
from storefront.catalog.list_request import SORTS, ListRequest, Sort
from storefront.catalog.page_data import ListPage
from tests.factories import make_product


def page(q: str, sort: Sort = "relevance") -> ListPage:
    return queries.load_list_page(ListRequest(q=q, sort=sort))


def found(q: str, sort: Sort = "relevance") -> list[str]:
    return [card.title for card in page(q, sort).items]


def is_typed_form_found(q: str) -> bool:
    """Return whether a query finds something other than products with some of its words, which the page names."""
    result = page(q)
    return bool(result.items) and (" " not in q or result.found_as_typed)


# Titles; queries that find each, and queries that do not.
SINGULAR_AND_PLURAL = (
    ("Studio mug", "mugs|mug|MUGS|studio mugs|mug's", "rug"),
    ("Clear tea glass", "glasses|glass|tea glasses|clear", "grapes"),
    ("Wooden shelves", "shelf|shelves|shelve", "shell"),
    ("Cake knife", "knives|knife", "knit"),
    ("Gift boxes", "box|boxes|gift box", "fox"),
    ("Berry bowl", "berries|bowls", "berg"),
    ("Women's scarf", "womens|women|women's|women’s|womens scarf|woman|women s", "men"),
)
JOINED_AND_SPLIT = (
    ("Round teapot", "tea pot|tea-pot|teapots|tea pots|TeaPot", "pot tea"),
    ("Blue tea pot", "teapot|teapots|tea pot|tea-pot|pot tea", "ea pot"),
    ("Plain T-shirt", "tshirt|t-shirt|t shirt|tshirts|T\u2011shirts", "s-shirt"),
    ("Wi-Fi antenna", "wifi|wi-fi|wi fi|Wi–Fi", "hifi"),
    ("Rock'n'roll print", "rocknroll|rock n roll|rock'n'roll", "disco"),
    ("O’Neill cap", "oneill|o'neill|o neill", "kneel"),
    ("H&M bag", "hm|h&m", "mh"),
    ("Cup 12 oz", "12oz|12 oz|12-oz|cup 12oz", "13oz|2oz"),
    ("Flask 500ml", "500ml|500 ml|500", "50 ml|50ml|00ml"),
    ("Karaffe 0,5 l", "0,5 l|0.5l|0,5l", "0,6 l"),
    ("Pipe 1,260 mm", "1260|1,260 mm|1260mm|1.260|1 260 mm", "126|260mm9|12600"),
    ("Tyre 700x25c", "700x25c|700 x 25|700×25|700x25|700 x 25 c|25c", "700x23|70x25"),
    ("Tyre 700 × 25 c", "700x25c|700 x 25|700×25|25c", "700x23c|70x25"),
    ("Rug 2 m²", "2m2|2 m2|2m²|2 m²", "3m2|m²2"),
    ("Rug 2m²", "2m2|2 m2|2m²|2 m²", "3m2"),
    ("Box 2 x 1.5l", "2x|2 x|1.5l|1,5 l|2x1.5l|2x1,5 l", "3x|15l"),
    ('Wheel 26" black', "26\"|26 inch|26″|26-inch|26inch|26 inches|26''|26 ”", "27 inch|6 inch"),
    ('Box "Model 5" red', '"model 5"|“model 5”|"5"', '5"|5 inch'),
    ("Plate Ø20cm", "20cm|20 cm|Ø20|Ø 20 cm|⌀20cm", "30cm"),
    ("Lens 1.5 cm", "1.5|1.5cm|1,5 cm", "15|15cm"),
)
LATIN = (
    ("Smørrebrød board", "smorrebrod|smørrebrød|smoerrebroed|SMØRREBRØD", "smarrebred"),
    ("Cœur necklace", "coeur|cœur", "choir"),
    ("Łódź print", "lodz|łódź|LODZ", "lids"),
    ("Gốm đồ", "do gom|đồ gốm|đo gom", "da gom"),
    ("Işık mum", "isik|ışık|IŞIK|işik", "asuk"),
    ("İstanbul tray", "istanbul|İSTANBUL|ıstanbul", "stan"),
    ("Straße map", "strasse|straße|STRASSE|STRAẞE", "stasi"),
    ("Müsli jar", "musli|muesli|müsli|MÜSLI|mu\u0308sli", "masla"),
    ("Müslischale", "muesli|müsli|musli", "maesli"),
    ("Muesli jar", "müsli|muesli", "moosla"),
    ("Ærø print", "aero|ærø|aeroe", "oero9"),
    ("Ångström rule", "angstrom|ångström|aangstroem", "anström9"),
    ("Þingvellir og Ísafjörður", "thingvellir|þingvellir|isafjordur|ísafjörður", "pingur"),
    ("Théière à thé", "theiere|théière|THÉIÈRE|the", "tiare"),
    ("Ｆｕｌｌ Ｗｉｄｔｈ １２", "full width|12|ｆｕｌｌ", "fill witch"),
)
OTHER_ALPHABETS = (
    ("Καφές ελληνικός", "καφες|καφέσ|ΚΑΦΕΣ|ελληνικος", "καππα"),
    ("Ёлка и чай", "елка|ёлка|ЁЛКА|чай", "чаи"),
    ("Za\u0301mok за\u0301мок", "замок|zamok", "зимо"),
    ("كِتَاب أحمـــد", "كتاب|كِتاب|احمد|أحمد|إحمد", "كلب"),
    ("فنجان قهوة", "قهوه|قهوة|فنجان", "قهر"),
    ("کیک", "كيك|کیک", "كوك"),
    ("כּוֹס תֵּה", "כוס|כוס תה", "כיס"),
    ("चाय की केतली", "केतली|चाय|के", "कतल|किताल"),
    ("हिन्दी किताब", "हिन्दी|हिंदी", "हिसाब"),
    ("क़लम", "कलम|क़लम", "काला"),
    ("தேநீர் கோப்பை", "கோப்பை|தேநீர்", "கபப"),
    ("도자기 찻주전자", "도자기|찻주|찻주전자", "주자"),
)
WITHOUT_SPACES = (
    ("แก้วชาเซรามิก", "แก้ว|ชา|เซรามิก|แก้วชา", "กวช|ชี|เซรามาก"),
    ("น้ำหอม", "น้ำ|นํ้า|น้ํา", "นา"),
    ("ガラスの急須", "ガラス|ｶﾞﾗｽ|がらす|急須|ガラスの急須|須", "カラス|からす|スラガ|須急"),
    ("カラスの絵", "カラス|ｶﾗｽ|からす|絵", "ガラス"),
    ("はさみとハサミ", "ハサミ|はさみ|ﾊｻﾐ", "ばさみ|パサミ|みさは"),
    ("京都と東京", "京都|東京|京都と東京|都", "東京都|京東|都京"),
    ("抹茶碗 set", "茶碗|抹茶|抹茶碗|碗|抹茶碗 set|茶碗set", "碗茶|茶抹"),
    ("青花茶壶", "茶壶|青花|花茶", "壶茶|青茶"),
)
JAPANESE = (
    ("有田焼 マグカップ", "有田焼マグカップ|マグカップ有田焼|有田焼のマグカップ|ﾏｸﾞｶｯﾌﾟ　有田焼", "有田焼皿"),
    ("急須（耐熱ガラス）", "ガラスの急須|耐熱ガラス急須|ガラス急須|がらすの急須", "須急|スラガ"),
    ("Ｔシャツ　白", "白いTシャツ|tシャツ白|白Ｔシャツ|T-シャツ", "黒いズボン"),
    ("ティー・ポット", "ティーポット|ﾃｨｰ･ﾎﾟｯﾄ|てぃーぽっと|ティー ポット|ポット", "トッポ"),
    ("ティーポット", "ティー・ポット|ﾃｨｰﾎﾟｯﾄ|ティー　ポット", "ポットティ"),
    ("コーヒーサーバ 600ml", "コーヒーサーバー|サーバー|サーバー６００ｍｌ|サーバ600ml", "サバー"),
    ("USBケーブル 1.5m", "usbケーブル1.5m|ＵＳＢ　ケーブル|ケーブル１．５ｍ", "ブルケー"),
    ("木のスプーン", "スプーン 木|木スプーン|すぷーん", "鉄のフォーク"),
    ("は", "ハ|ﾊ|は", "ば|パ"),
    ("ウィスキーグラス", "ウイスキー|ｳｨｽｷｰ|ういすきー|ウイスキーグラス", "ウスキ"),
    ("ヴァイオリン弦", "バイオリン|ｳﾞｧｲｵﾘﾝ|ばいおりん|バイオリン弦", "ハイオリン"),
)
CASES = (*SINGULAR_AND_PLURAL, *JOINED_AND_SPLIT, *LATIN, *OTHER_ALPHABETS, *WITHOUT_SPACES, *JAPANESE)


@pytest.mark.parametrize(("title", "finds", "misses"), CASES, ids=[case[0] for case in CASES])
def test_a_title_is_found_by_what_people_type(app: Flask, title: str, finds: str, misses: str) -> None:
    make_product(title, vendor="", variants=[{"sku": "A"}])
    make_product("Oak spoon", vendor="", variants=[{"sku": "B"}])
    wrong = {query: found(query) for query in finds.split("|") if found(query) != [title]}
    assert wrong == {}
    assert [query for query in misses.split("|") if is_typed_form_found(query)] == []


def test_parts_of_a_japanese_word_count_as_typed(app: Flask) -> None:
    make_product("急須（耐熱ガラス）", vendor="")
    assert page("ガラスの急須").found_as_typed
    assert not page("赤いガラスの急須").found_as_typed


def test_other_texts_are_found_in_other_forms(app: Flask) -> None:
    make_product(
        "Kyusu",
        vendor="Kiln & Sons",
        tags=["tea pot"],
        description_html="<p>Women's favourites, glazed twice, 12 oz, non-stick</p>",
    )
    for query in ("teapot", "son", "womens", "favourite", "12oz", "nonstick", "non stick"):
        assert found(query) == ["Kyusu"], query


def test_barcodes_are_found_however_they_are_written(app: Flask) -> None:
    make_product(
        "Mug", variants=[{"barcode": "0036000291452"}, {"option1": "b", "barcode": "978-0-306-40615-7"}]
    )
    for query in (
        "0036000291452",
        "036000291452",
        "36000291452",
        "0 036000 291452",
        "9780306406157",
        "978-0-306-40615-7",
        "978 0 306 40615 7",
    ):
        assert found(query) == ["Mug"], query
    for query in ("0036000291453", "9780306406158", "6000291452"):
        assert found(query) == [], query


@pytest.mark.parametrize(
    ("code", "barcode", "queries"),
    [
        ("AB-12.34/X", "", "ab1234x|AB 12 34 X|ab-1234-x|AB_12_34_X|SKU AB-12.34/X"),
        ("TEA 01 BLUE", "", "TEA01BLUE|tea01-blue|tea_01_blue"),
        ("B1", "9780306406157", "0306406152|0-306-40615-2|ISBN 978-0-306-40615-7|isbn:0306406152"),
        ("B2", "080442957X", "9780804429573|0-8044-2957-X|978 0804429573"),
        ("B3", "4006381 333931", "EAN 4006381333931|04006381333931|GTIN: 4006381-333931"),
    ],
)
def test_codes_are_found_with_other_separators(app: Flask, code: str, barcode: str, queries: str) -> None:
    make_product("Mug", variants=[{"sku": code, "label": code, "barcode": barcode}])
    make_product("Bowl", variants=[{"sku": "Q9", "barcode": "96385074"}])
    assert [query for query in queries.split("|") if found(query) != ["Mug"]] == []


def test_words_one_edit_apart_are_found_and_named(app: Flask) -> None:
    make_product("Copper kettle")
    make_product("Round teapot")
    make_product("Müsli bowl")
    for query, title, named in (
        ("kettel", "Copper kettle", "kettle"),
        ("ketle", "Copper kettle", "kettle"),
        ("kettlle", "Copper kettle", "kettle"),
        ("teepot", "Round teapot", "teapot"),
        ("coper kettel", "Copper kettle", "copper kettle"),
        ("copper kettel", "Copper kettle", "copper kettle"),
        ("misli", "Müsli bowl", "müsli"),
    ):
        result = page(query)
        assert [card.title for card in result.items] == [title], query
        assert (result.shown_for, result.found_as_typed) == ([named], False), query
    assert page("kettle").shown_for == []


def test_a_known_word_is_not_corrected(app: Flask) -> None:
    for title in ("Café table", "Cake stand", "Coffee cup", "Toffee", "Plate", "Place mat"):
        make_product(title, vendor="")
    for query, titles in (
        ("café", ["Café table"]),
        ("cafe", ["Café table"]),
        ("CAFÉS", ["Café table"]),
        ("coffee", ["Coffee cup"]),
        ("plate", ["Plate"]),
    ):
        result = page(query)
        assert ([card.title for card in result.items], result.shown_for) == (titles, []), query


def test_the_likeliest_misspellings_are_corrected(app: Flask) -> None:
    for title in (
        "Cake stand",
        "Bottle vase",
        "Linen towel",
        "Wood tools",
        "Safe",
        "Ramen bowl",
        "Coffee grinder",
    ):
        make_product(title, vendor="", description_html="Grinds beans.")
    for query, named in (
        *(("cafe", []), ("vaze", ["vase"]), ("vaes", ["vase"]), ("bowll", ["bowl"])),
        *(("towls", ["towel"]), ("grindr", ["grinder"])),
    ):
        assert page(query).shown_for == named, query


def test_products_with_some_of_the_words_are_found_and_named(app: Flask) -> None:
    for title in (
        "Round teapot",
        "Copper kettle",
        "Cook's knife",
        "Tea strainer",
        "Assam 500 g, for 250 ml",
        "急須 耐熱ガラス",
    ):
        make_product(title, vendor="")
    for query, titles, named in (
        ("teapot kettel", ["Round teapot", "Copper kettle"], {"teapot", "kettle"}),
        ("blue teapot", ["Round teapot"], {"teapot"}),
        ("round blue teapot", ["Round teapot"], {"round teapot"}),
        ("knife for cooks", ["Cook's knife"], {"knife cooks"}),
        ("500ml", ["Assam 500 g, for 250 ml"], {"500 ml"}),
        ("赤いガラスの急須", ["急須 耐熱ガラス"], {"ガラス 急須"}),
        ("the shoes", [], set()),
        ("99 ml", [], set()),
        ("AB-1235", [], set()),
    ):
        result = page(query)
        assert [card.title for card in result.items] == titles, query
        assert (set(result.shown_for), result.found_as_typed) == (named, False), query


def test_split_words_are_found_in_any_text(app: Flask) -> None:
    make_product("Brown vessel", description_html="<p>A tea set with a pot.</p>")
    assert (found("teapot"), page("teapot").shown_for) == (["Brown vessel"], ["tea pot"])


def test_numbers_codes_and_short_words_are_never_guessed(app: Flask) -> None:
    make_product("Mug X200 12345", variants=[{"sku": "AB-1234", "barcode": "4006381333931"}])
    for query in ("X201", "12346", "AB-1235", "4006381333932", "rug", "bug", "mag"):
        assert found(query) == [], query


def test_exact_matches_come_before_all_others(app: Flask) -> None:
    for title in (
        *("Kettel stand", "Kettle", "Cups and mug", "Mugs", "Mugshot"),
        *("Tea pot", "Teapots", "Teapot"),
    ):
        make_product(title)
    make_product("Towel", description_html="<p>For a teapot.</p>")
    make_product("Napkin", description_html="<p>For tea-pots.</p>")
    assert found("kettel") == ["Kettel stand"], "a word that a product has is right"
    assert found("mugs") == ["Mugs", "Cups and mug", "Mugshot"]
    assert found("teapot") == ["Teapot", "Teapots", "Tea pot", "Towel", "Napkin"]


def test_an_exact_match_stays_first_in_every_order(app: Flask) -> None:
    make_product("Kettle", variants=[{"price": 100}])
    make_product("Kettel", variants=[{"price": 500}])
    make_product("Kettles", variants=[{"price": 900}])
    for sort in SORTS:
        assert found("kettel", sort)[0] == "Kettel", sort


def test_a_title_with_joined_words_comes_before_half_a_match(app: Flask) -> None:
    make_product("Round-bellied teapot")
    make_product("Tea cup", tags=["pot"])
    assert found("tea pot") == ["Round-bellied teapot", "Tea cup"]


def test_many_matches_are_not_mixed_with_near_words(app: Flask) -> None:
    for number in range(3):
        make_product(f"Saucer {number}")
    make_product("Sauces")
    assert found("saucer") == ["Saucer 2", "Saucer 1", "Saucer 0"]


def test_a_filter_does_not_bring_near_words(app: Flask) -> None:
    make_product("Kettle stand", vendor="Row")
    for title in ("Kettel", "Kettels", "Kettel cup"):
        make_product(title, vendor="Kiln")
    result = queries.load_list_page(ListRequest(q="kettel", vendors=("Row",), sort="relevance"))
    assert (result.items, result.shown_for) == ([], [])


def test_the_page_says_what_it_shows_instead(client: FlaskClient) -> None:
    make_product("Kettle")
    assert "page-head__note" not in client.get("/products?q=kettle").text
    other = client.get("/products?q=kettel").text
    assert "No results for “<bdi>kettel</bdi>”. Showing <strong><bdi>kettle</bdi></strong>." in other
    make_product("Candle")
    make_product("Candelabra")
    assert "Also showing <strong><bdi>candle</bdi></strong>." in client.get("/products?q=candel").text
    some = client.get("/products?q=blue+kettel").text
    assert "No results for “<bdi>blue kettel</bdi>”. Showing <strong><bdi>kettle</bdi></strong>." in some
