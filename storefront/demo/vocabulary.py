"""The words of generated catalogues: kinds of products, materials, styles, makers, sentences."""

from __future__ import annotations

# Departments, their aisles, and the things in each aisle with their usual price in major units.
DEPARTMENTS: dict[str, dict[str, dict[str, float]]] = {
    "Tea": {
        "Green": {"Sencha": 12, "Gyokuro": 26, "Bancha": 8, "Genmaicha": 9, "Kukicha": 10, "Longjing": 18},
        "Black": {
            "Assam": 10,
            "Keemun": 14,
            "Ceylon": 9,
            "Darjeeling": 16,
            "Yunnan": 13,
            "Breakfast blend": 8,
        },
        "Oolong": {"Tieguanyin": 17, "Baozhong": 15, "Rock oolong": 24, "Rolled oolong": 19},
        "Infusions": {
            "Mint": 6,
            "Verbena": 8,
            "Rooibos": 7,
            "Hibiscus": 6,
            "Lemongrass": 6,
            "Linden blossom": 8,
        },
    },
    "Teaware": {
        "Pots": {"Teapot": 58, "Kyusu": 66, "Gaiwan": 34, "Samovar": 210, "Infuser pot": 42},
        "Cups": {"Tea cup": 17, "Mug": 22, "Tumbler": 18, "Bowl for matcha": 48, "Cup and saucer": 28},
        "Tools": {"Strainer": 12, "Scoop": 11, "Whisk": 21, "Caddy": 29, "Timer": 16, "Tea tray": 74},
    },
    "Coffee": {
        "Brewers": {"Dripper": 30, "French press": 44, "Moka pot": 36, "Siphon": 120, "Cold brewer": 39},
        "Tools for coffee": {
            "Grinder": 92,
            "Gooseneck kettle": 96,
            "Tamper": 28,
            "Scale": 34,
            "Milk jug": 26,
        },
    },
    "Tableware": {
        "Plates": {"Side plate": 15, "Dinner plate": 22, "Platter": 54, "Pasta plate": 25, "Cake stand": 62},
        "Bowls": {"Cereal bowl": 19, "Serving bowl": 49, "Ramen bowl": 32, "Dip bowl": 9, "Salad bowl": 56},
        "Glass": {"Water glass": 11, "Wine glass": 18, "Carafe": 38, "Jug": 33, "Decanter": 68},
        "Cutlery": {"Table knife": 13, "Fork": 11, "Spoon": 10, "Serving spoon": 19, "Chopsticks": 14},
    },
    "Kitchen": {
        "Pans": {
            "Skillet": 52,
            "Saucepan": 68,
            "Casserole": 140,
            "Wok": 58,
            "Stock pot": 96,
            "Grill pan": 64,
        },
        "Knives": {
            "Paring knife": 38,
            "Bread knife": 56,
            "Cook's knife": 98,
            "Cleaver": 84,
            "Sharpening stone": 42,
        },
        "Boards": {"Cutting board": 46, "Cheese board": 38, "Carving board": 72, "Bread board": 44},
        "Baking": {"Loaf tin": 24, "Tart form": 22, "Rolling pin": 23, "Mixing bowl": 34, "Cake ring": 18},
        "Storage": {"Canister": 31, "Spice jar": 9, "Bread bin": 76, "Salt cellar": 24, "Butter dish": 27},
    },
    "Linen": {
        "For the table": {"Napkin": 9, "Tablecloth": 74, "Runner": 46, "Placemat": 12, "Coaster": 6},
        "For the kitchen": {
            "Tea towel": 15,
            "Apron": 54,
            "Oven glove": 19,
            "Pot holder": 11,
            "Bread bag": 17,
        },
    },
    "Home": {
        "Light": {"Candle holder": 26, "Lantern": 48, "Beeswax candle": 12, "Oil lamp": 58},
        "Vases": {"Bud vase": 19, "Bottle vase": 44, "Planter": 38, "Ikebana bowl": 52},
        "Baskets": {"Fruit basket": 34, "Bread basket": 22, "Log basket": 68, "Picnic basket": 94},
    },
    "Pantry": {
        "Sweet": {"Honey": 11, "Marmalade": 8, "Shortbread": 7, "Dark chocolate": 6, "Rock sugar": 5},
        "Savoury": {"Sea salt": 6, "Peppercorns": 8, "Olive oil": 19, "Vinegar": 12, "Mustard": 6},
    },
}
STYLES = (
    "Alder Amber Arbour Ashen Bayside Beacon Birch Bramble Brook Calder Cairn Cedar Cinder Coastal Cobble "
    "Copse Dale Dawn Delta Drift Dune Dusk Elder Ember Fallow Fathom Fell Fennel Fern Field Fjord Flint "
    "Forge Frost Gable Glen Granary Grove Harbour Harvest Hazel Hearth Heath Heron Hollow Inlet Juniper "
    "Kestrel Lark Larder Ledge Lichen Linden Loam Marsh Meadow Mill Mist Moor Moss Nettle North Oakfield "
    "Orchard Osier Otter Parlour Pebble Pine Quarry Quill Reed Ridge Rill Rowan Rye Sable Saffron Sedge "
    "Shale Shoal Sorrel Spruce Stave Stone Tarn Teasel Thicket Thorn Tidal Timber Umber Vale Weald Wharf "
    "Willow Winter Wren Yarrow"
).split()
MATERIALS = (
    "stoneware porcelain earthenware terracotta glass oak walnut beech ash olive-wood bamboo steel copper "
    "brass cast-iron enamel linen cotton wool cork slate marble rattan birch"
).split()
FINISHES = (
    "hand-thrown speckled brushed fluted faceted ribbed matte glossy oiled smoked washed woven hammered "
    "footed lidded dipped crackled banded tapered rounded"
).split()
COLOURS = (
    "Chalk Oat Sand Ochre Rust Clay Blush Plum Iron Charcoal Slate Indigo Cobalt Sky Celadon Moss Fern "
    "Pine Umber Ivory"
).split()
SIZES = ("Small", "Medium", "Large")
PLACES = (
    "Northmoor Eastwick Saltmarsh Highfell Lowdale Greywater Stonebridge Fernhollow Westering Oldmill "
    "Longacre Whitecliff Redbarn Deepdene Kilnfield Harrowgate Foxcombe Larkhill Thornbury Winterbourne"
).split()
TRADES = ("Pottery Workshop Weavers Foundry Glassworks Mill Studio Turners Stores Brothers").split()
SENTENCES = (
    "Made in small batches by {vendor}, where every piece is looked at twice.",
    "The {finish} surface is kind to the hand and easy to live with.",
    "{material} of one origin, worked slowly and finished without shortcuts.",
    "It stacks, it washes, and it gets better with use.",
    "Small differences between pieces are the mark of the maker.",
    "Comes wrapped in paper, with a card on how to look after it.",
)
