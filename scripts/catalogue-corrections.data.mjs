// What make-catalogue.mjs puts right in its source, and says beyond it: the part that people decided, each row with its reason.

// The source lost the letter of some companions (NGC 4486A stands where NGC 4486 should), and some positions are far off.
// These rows are put right: designation | position | type | magnitude | size in arcmin.
export const corrected = `
M 40|12 22 12.5 +58 05 00|double|8.4|
M 78|05 46 45.8 +00 04 45|rn|8|8
M 87|12 30 49.4 +12 23 28|g|8.6|8
M 98|12 13 48.3 +14 54 01|g|10.1|10
M 102|15 06 29.5 +55 45 48|g|9.9|6
NGC 1513|04 09 55 +49 31 02|oc|8.4|9
NGC 1554|04 21 44 +19 31 14|rn||
NGC 1555|04 21 57 +19 32 07|rn||
NGC 1573|04 35 04 +73 15 45|g||
NGC 1990|05 36 12.8 -01 12 07|bn||50
NGC 2079|05 39 37.6 -69 45 26|bn||
NGC 2146|06 18 37.7 +78 21 25|g|10.6|6
NGC 2185|06 11 00.5 -06 13 37|rn||
NGC 2253|06 43 42 +65 12 23|g||
NGC 2273|06 50 08.7 +60 50 45|g||
NGC 2523|08 15 00.1 +73 34 44|g|11.9|3
NGC 2550|08 24 34 +74 00 44|g||
NGC 2634|08 48 25.4 +73 58 02|g|11.9|
NGC 3184|10 18 16.9 +41 25 27|g|9.8|7.4
NGC 3245|10 27 18.4 +28 30 27|g|10.8|3.2
NGC 3377|10 47 42.3 +13 59 09|g|10.4|5.2
NGC 3683|11 27 31.8 +56 52 37|g|12.4|1.9
NGC 3835|11 44 05 +60 07 11|g||
NGC 4030|12 00 23.6 -01 06 00|g|10.6|4.2
NGC 4214|12 15 39.2 +36 19 37|g|9.8|8.5
NGC 4517|12 32 45.6 +00 06 54|g|10.4|10.5
NGC 4559|12 35 57.6 +27 57 36|g|10|10.7
NGC 4565|12 36 20.8 +25 59 16|g|9.6|15.9
NGC 5012|13 11 37 +22 54 55|g|12.2|2.9
NGC 5216|13 32 06.9 +62 42 03|g||
NGC 5665|14 32 25.7 +08 04 43|g|12|1.9
NGC 5875|15 09 13 +52 31 42|g|12.4|2.5
NGC 5907|15 15 53.8 +56 19 44|g|10.3|12.8
NGC 6357|17 24 43 -34 12 00|bn||40
NGC 6374|17 34 42 -32 34 54|oc|5.5|
NGC 6647|18 32 49 -17 13 43|oc|8|
NGC 6654|18 24 07.6 +73 11 00|g||
NGC 6664|18 36 33 -08 13 12|oc|7.8|18
NGC 7562|23 15 57.5 +06 41 15|g||
IC 405|05 16 29 +34 21 22|en|6|37
IC 1274|18 09 51 -23 38 53|bn||
IC 1318|20 22 13.7 +40 15 24|bn||180
IC 2944|11 35 47 -63 01 11|bn|4.5|75
Cr 39|03 24 19 +49 51 00|oc|1.2|300`

// Objects people point at that the source does not have; same columns.
export const added = `
NGC 206|00 40 31.3 +40 44 22|cloud||4.2
NGC 604|01 34 33.2 +30 47 06|bn||1
NGC 896|02 25 28 +62 01 00|bn||27
NGC 1973|05 35 04.8 -04 43 54|rn|7|5
NGC 1975|05 35 17.9 -04 41 05|rn|7|10
NGC 2032|05 35 20 -67 34 06|bn||
NGC 2074|05 39 03 -69 29 54|bn|8.5|
NGC 2174|06 09 23.7 +20 39 34|bn|6.8|40
NGC 2237|06 31 55 +04 56 30|bn||80
NGC 6188|16 40 05 -48 39 47|bn||20
NGC 6726|19 01 39 -36 53 28|rn||9
NGC 6727|19 01 42 -36 52 34|rn||9
NGC 6857|20 01 48 +33 31 36|bn|11.4|
NGC 6974|20 51 04 +31 49 54|snr||
NGC 6995|20 57 10 +31 14 06|snr|7|12
IC 349|03 46 20 +23 56 23|rn||
IC 447|06 31 00 +09 53 51|rn|7.7|
IC 2118|05 04 54 -07 15 00|rn||180
IC 2220|07 56 51 -59 07 33|rn||6`

// Rows of the source that an independent catalogue contradicts by more than their own extent (1′ at least for galaxies, 15′
// for clusters and nebulae): which of the two is right was not settled, and no position is better than a wrong one.
export const withheld = new Set([
  ...`4 84 162 218 284 296 305 331 336 344 390 408 412 464 486 526 549 563 700 733 734 815 971 1007 1017 1037 1062 1105 1111
1120 1131 1212 1290 1312 1330 1455 1488 1538 1568 1995 2029 2030 2246 2326 2378 2457 2458 2529 2586 2597 2603 2630 2689 2783
2806 2909 2912 2949 2973 3002 3119 3148 3186 3229 3272 3339 3387 3419 3429 3436 3502 3520 3537 3541 3645 3664 3679 3721 3722
3724 3730 3759 3789 3795 3830 3846 3855 3866 3907 3915 3924 3966 3984 4009 4057 4108 4170 4322 4338 4364 4411 4512 4529 4537
4549 4557 4726 4761 4764 4789 4823 4824 4829 4908 4916 4960 4973 4974 5004 5039 5070 5113 5212 5310 5319 5391 5434 5446 5469
5504 5509 5511 5524 5527 5535 5570 5603 5620 5632 5649 5658 5744 5782 5805 5865 5881 5941 5942 5976 6002 6029 6039 6053 6054
6071 6092 6111 6141 6151 6245 6246 6270 6393 6461 6548 6581 6669 6672 6677 6679 6847 6882 6975 7100 7101 7112 7148 7158 7325
7326 7353 7384 7388 7441 7452 7481 7486 7551 7564 7579 7586 7613 7616 7667 7740 7756 7799 7839`
    .split(/\s+/)
    .map(n => `NGC ${n}`),
  ...`45 71 77 107 152 200 242 258 261 336 353 376 448 621 625 644 683 872 897 898 945 1008 1009 1038 1062 1088 1090 1096 1111
1128 1135 1283 1301 1604 1664 1670 1751 1803 1814 1845 1920 1923 1979 2026 2030 2045 2093 2120 2175 2186 2208 2221 2228 2369
2489 2545 2746 2759 2888 2949 2954 2993 3017 3322 3345 3495 3496 3524 3582 3602 3829 3881 3935 3942 3961 4051 4067 4134 4199
4371 4385 4394 4411 4412 4441 4528 4600 4606 4613 4658 4670 4678 4763 4948 4966 5056 5062 5079 5143 5214 5225 5365`
    .split(/\s+/)
    .map(n => `IC ${n}`),
])

// One object, two numbers: the number the source has → the number it is known by.
export const knownAs = {
  'NGC 3180': 'NGC 3184',
  'NGC 5906': 'NGC 5907',
  'NGC 4228': 'NGC 4214',
  'NGC 3189': 'NGC 3190',
}
knownAs['NGC 4664'] = 'NGC 4665'
knownAs['C 9'] = 'Sh2 155'
knownAs['C 41'] = 'Mel 25'
knownAs['C 99'] = 'Coalsack'
knownAs['PGC 17223'] = 'LMC'
// Further numbers of the same object.
export const alsoCalled = {
  'M 8': ['NGC 6523'],
  'M 16': ['IC 4703'],
  'M 24': ['IC 4715'],
  'M 40': ['Winnecke 4'],
  'M 45': ['Mel 22'],
  'M 51': ['NGC 5194'],
  'M 76': ['NGC 650', 'NGC 651'],
  'NGC 175': ['NGC 171'],
  'NGC 697': ['NGC 674'],
  'NGC 1186': ['NGC 1174'],
  'NGC 2244': ['NGC 2239'],
  'NGC 2371': ['NGC 2372'],
  'NGC 2903': ['NGC 2905'],
  'NGC 3411': ['NGC 3402'],
  'NGC 4124': ['NGC 4119'],
  'NGC 4420': ['NGC 4409'],
  'NGC 4665': ['NGC 4624'],
  'NGC 4804': ['NGC 4802'],
  'NGC 5396': ['NGC 5375'],
  'NGC 6164': ['NGC 6165'],
  'NGC 292': ['SMC'],
  'Cr 39': ['Mel 20'],
  'Cr 256': ['Mel 111'],
  'NGC 2237': ['NGC 2238'],
}

// Names in common use, put before those of the source.
export const commonNames = {
  'M 8': ['Lagoon Nebula'],
  'M 11': ['Wild Duck Cluster'],
  'M 13': ['Great Hercules Cluster'],
  'M 17': ['Omega Nebula', 'Swan Nebula'],
  'M 24': ['Sagittarius Star Cloud'],
  'M 31': ['Andromeda Galaxy'],
  'M 33': ['Triangulum Galaxy'],
  'M 40': ['Winnecke 4'],
  'M 42': ['Orion Nebula'],
  'M 43': ["De Mairan's Nebula"],
  'M 44': ['Beehive Cluster', 'Praesepe'],
  'M 45': ['Pleiades', 'Seven Sisters'],
  'M 51': ['Whirlpool Galaxy'],
  'M 64': ['Black Eye Galaxy'],
  'M 65': ['Leo Triplet'],
  'M 66': ['Leo Triplet'],
  'M 73': [],
  'M 74': ['Phantom Galaxy'],
  'M 81': ["Bode's Galaxy"],
  'M 82': ['Cigar Galaxy'],
  'M 83': ['Southern Pinwheel Galaxy'],
  'M 87': ['Virgo A'],
  'M 101': ['Pinwheel Galaxy'],
  'M 102': ['Spindle Galaxy'],
  'M 104': ['Sombrero Galaxy'],
  'NGC 104': ['47 Tucanae'],
  'NGC 292': ['Small Magellanic Cloud'],
  LMC: ['Large Magellanic Cloud'],
  'NGC 457': ['Owl Cluster', 'ET Cluster'],
  'NGC 869': ['Double Cluster', 'h Persei'],
  'NGC 884': ['Double Cluster', 'Chi Persei'],
  'NGC 891': ['Silver Sliver Galaxy'],
  'NGC 1973': ['Running Man Nebula'],
  'NGC 1975': ['Running Man Nebula'],
  'NGC 1977': ['Running Man Nebula'],
  'NGC 2174': ['Monkey Head Nebula'],
  'NGC 2237': ['Rosette Nebula'],
  'NGC 2244': ['Rosette Cluster', 'Satellite Cluster'],
  'NGC 2264': ['Cone Nebula', 'Christmas Tree Cluster', 'Fox Fur Nebula'],
  'NGC 2392': ['Eskimo Nebula', 'Clown Face Nebula'],
  'NGC 3184': ['Little Pinwheel Galaxy'],
  'NGC 3372': ['Carina Nebula', 'Eta Carinae Nebula'],
  'NGC 3628': ['Hamburger Galaxy', 'Leo Triplet'],
  'NGC 4038': ['Antennae Galaxies'],
  'NGC 4039': ['Antennae Galaxies'],
  'NGC 4565': ['Needle Galaxy'],
  'NGC 4656': ['Hockey Stick Galaxy'],
  'NGC 5128': ['Centaurus A'],
  'NGC 5139': ['Omega Centauri'],
  'NGC 5907': ['Splinter Galaxy', 'Knife Edge Galaxy'],
  'NGC 6188': ['Rim Nebula', 'Fighting Dragons of Ara'],
  'NGC 6357': ['Lobster Nebula', 'War and Peace Nebula'],
  'NGC 6960': ['Western Veil Nebula', "Witch's Broom Nebula", 'Veil Nebula'],
  'NGC 6974': ['Veil Nebula'],
  'NGC 6979': ["Pickering's Triangle"],
  'NGC 6992': ['Eastern Veil Nebula', 'Veil Nebula'],
  'NGC 6995': ['Eastern Veil Nebula', 'Network Nebula'],
  'NGC 7380': ['Wizard Nebula'],
  'NGC 7822': ['Cosmic Question Mark'],
  'IC 349': ["Barnard's Merope Nebula"],
  'IC 434': ['Horsehead Nebula'],
  'IC 1318': ['Gamma Cygni Nebula', 'Sadr Region', 'Butterfly Nebula'],
  'IC 1396': ["Elephant's Trunk Nebula"],
  'IC 1805': ['Heart Nebula'],
  'IC 1848': ['Soul Nebula'],
  'IC 2118': ['Witch Head Nebula'],
  'IC 2177': ['Seagull Nebula'],
  'IC 2220': ['Toby Jug Nebula'],
  'IC 2602': ['Southern Pleiades', 'Theta Carinae Cluster'],
  'IC 2944': ['Running Chicken Nebula', 'Lambda Centauri Nebula'],
  'IC 4604': ['Rho Ophiuchi Nebula'],
  'IC 4628': ['Prawn Nebula'],
  'Mel 25': ['Hyades'],
  'Cr 39': ['Alpha Persei Cluster'],
  'Cr 256': ['Coma Star Cluster'],
  'Cr 399': ['Coathanger', "Brocchi's Cluster"],
  Coalsack: ['Coalsack Nebula'],
  'Sh2 155': ['Cave Nebula'],
  'B 33': ['Horsehead Nebula'],
}
// Nicknames that would mislead: they belong to a neighbour, or say nothing.
export const droppedNames = new Set([
  'NGC 5195: A Justifiable Replacement for M51',
  'M 29: Cooling Tower',
  'NGC 1990: ε Ori Nebula',
  'NGC 3190: NGC 3190 Group',
  'NGC 6530: Herschel 36',
  'NGC 2244: Rosette Nebula', // the cluster; the nebula around it is NGC 2237
])

export const kinds = {
  gg: 'gg',
  g: 'g',
  s: 'g',
  s0: 'g',
  sd: 'g',
  i: 'g',
  e: 'g',
  oc: 'oc',
  gc: 'gc',
  dn: 'dn',
  bn: 'bn',
  sfr: 'cn',
  rn: 'rn',
  en: 'en',
  pn: 'pn',
  snr: 'snr',
}
export const messierKinds = {
  'M 8': 'bn',
  'M 17': 'bn',
  'M 20': 'bn',
  'M 24': 'cloud',
  'M 40': 'double',
  'M 42': 'bn',
  'M 43': 'bn',
  'M 73': 'asterism',
}

// Proper motion in mas/yr (RA times cos dec, then dec) of the brightest and fastest stars: Hipparcos, van Leeuwen 2007.
export const motions = `
69673 -1093 -2000
71683 -3679 474
71681 -3614 803
70890 -3776 766
32349 -546 -1223
37279 -715 -1037
37826 -627 -46
104214 4165 3250
104217 4108 3144
8102 -1721 854
16537 -975 20
19849 -2240 -3420
87937 -799 10338
24186 6505 -5731
54035 -580 -4766
57939 4004 -5813
15510 3038 727
108870 3961 -2539
2021 2220 324
5336 3422 -1599
97649 536 385
113368 329 -165
91262 201 286
24608 75 -427
57757 741 -271
17378 -94 744
27072 -292 -369
14632 1262 -92
99240 1210 -1132
3821 1087 -559
22449 463 12
88601 276 -969
746 524 -181
57632 -498 -114
21421 63 -189
7513 -173 -381`
