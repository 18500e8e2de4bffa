"""The English that names are told apart by: short lists, where a word left out costs a name."""

from __future__ import annotations

PERSON_NOUNS = frozenset(
    """actor actress activist admiral architect artist astronaut astronomer author banker bishop
    botanist businessman businesswoman cardinal chemist comedian composer dancer dictator diplomat
    dramatist economist emperor empress engineer environmentalist explorer farmer
    footballer geologist historian inventor jew journalist king lawyer
    linguist mathematician mechanic merchant missionary monk musician novelist nurse painter
    philosopher photographer physician physicist pianist playwright poet politician pope preacher
    president priest prince princess  professor prophet queen reformer revolutionary
    scholar scientist sculptor secretary senator singer sociologist soldier spokesperson
    spokeswoman spokesman statesman surgeon teacher theologian theorist writer""".split()
)
"""Offices and callings."""
CALENDAR = frozenset(
    """January February March April May June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday""".split()
)
PRONOUNS = frozenset(
    """i we you he she it they this these that those there here his her its their our your my him
    them us me who which what when where why how one some many most all both each another other
    others such same latter former someone everyone nobody nothing itself himself herself
    themselves not no never""".split()
)

TITLES = frozenset(
    """speaker leader leaders treasurer senators representatives presidents ministers
    governors professors drs messrs generals mr republican democrat mrs ms miss dr prof
    professor sir lord lady dame madam madame monsieur president vice-president chancellor
    minister premier secretary senator congressman congresswoman representative governor
    mayor ambassador king queen prince princess emperor empress tsar czar sultan khan shah
    caliph duke duchess count countess baron earl pope cardinal archbishop bishop reverend
    rev pastor rabbi imam father brother sister saint st general gen colonel col major maj
    captain capt commander lieutenant lt sergeant sgt admiral marshal judge justice
    inspector detective chief director chairman chairwoman chairperson chair ceo spokesman
    spokeswoman spokesperson coach sen rep gov elector landgrave aunt uncle grandfather
    grandmother commissioner commodore viscount marquis""".split()
)
"""What stands before a person's name."""
ABBREVIATED = frozenset(
    "mr mrs ms dr prof rev st gen col maj capt lt sgt sen rep gov jr sr".split()
)
"""Titles that are written with a full stop."""
ROLES = (
    PERSON_NOUNS
    | TITLES - {"st", "khan", "chair", "count", "general", "major"}
    | frozenset(
        """adviser administrator negotiator auditor regulator counsel advocate advisor agent
    analyst aide anchor assistant attorney biologist boss boy brother candidate captain
    chef chief co-founder colleague commissioner commentator correspondent counsellor
    critic daughter deputy designer developer director doctor driver editor envoy
    epidemiologist executive expert father fellow founder friend general girl grandson
    guard guitarist head heir hero husband immunologist inspector investor judge knight
    lawmaker leader lecturer legislator man manager member microbiologist mother neighbour
    neighbor nephew niece officer official owner parent partner pilot player producer
    programmer prosecutor psychologist publisher researcher resident reporter ruler
    servant settler sister son specialist star strategist student successor trader veteran
    victim virologist wife witness woman worker winner widow entrepreneur industrialist
    economist conqueror monarch noble nobleman rapper author activist cofounder""".split()
    )
)
"""What a person is called in words written small."""

CHARACTERS = frozenset(
    """king queen prince princess emperor empress knight lord lady man woman boy girl child
    father mother son daughter brother sister stepmother grandmother grandfather husband
    wife maiden youth lad servant soldier fisherman hunter huntsman farmer shepherd miller
    tailor merchant robber thief giant giantess dwarf witch wizard magician fairy dragon
    ogre troll monk priest hermit beggar cook captain sailor wolf fox bear lion cat dog
    frog bird horse mouse rabbit monkey tiger crow raven eagle snake serpent mermaid bride
    bridegroom widow peasant nurse demon ghost goblin elf""".split()
)
"""Who a story is about, where it gives them no names."""

SAYING = frozenset(
    """said says told tells stated states added adds explained explains argued argues claimed
    claims warned warns wrote writes noted notes replied replies asked asks announced
    announces insisted insists answered recalled recalls cried shouted whispered exclaimed
    declared declares admitted admits denied denies suggested suggests commented posted
    tweeted testified remarked thought believed believes knew felt wondered hoped hopes
    laughed smiled wept""".split()
)

ORGANISATION_HEADS = frozenset(
    """division university college institute institution school academy company corporation
    corp inc ltd llc plc gmbh bank ministry department agency council committee commission
    party army navy force forces administration government association union federation
    confederation church court parliament senate congress assembly organization
    organisation group foundation society museum press news studio studios network
    broadcasting club league office bureau board authority service services laboratory
    laboratories lab labs hospital fund trust team consortium alliance coalition police
    guard airlines airways records times post journal tribune gazette media pictures
    entertainment holdings industries systems technologies partners ventures cabinet
    centre center initiative orchestra theatre brigade regiment""".split()
)
PLACE_HEADS = frozenset(
    """river memorial lake mount mountain mountains street road avenue square city county
    island islands territory valley sea ocean bay gulf cape desert forest park bridge
    castle palace tower province state states district region republic kingdom empire
    peninsula coast hill hills basin canal airport station port harbor harbour village
    town line border beach fort house hall temple gallery garden gardens room building
    highway falls creek plateau rainforest strait channel north south east west northern
    southern eastern western central""".split()
)
THING_HEADS = frozenset(
    """reich war live wars agreement treaty act law laws declaration code operation battle
    revolution day award prize cup championship festival games virus disease syndrome
    constitution bill amendment convention protocol accord plan project program programme
    theory effect principle method test model analysis index scale table entity bible
    psalms age era period century dynasty movement reformation renaissance edition series
    show album song film novel book magazine conference summit crisis pandemic epidemic
    church-state exhibition collection election elections article articles directive
    directives regulation rights charter chapter section part volume report study review
    theses catechism catechisms cast courts style""".split()
)
"""A name that ends so is of neither a person, an organisation nor a place."""

# Countries, and the cities and regions that stand for them in the news, by the words they
# are written with; names of several words with a space.
PLACES = frozenset(
    " ".join(name.split()).lower()
    for name in """Afghanistan, Albania, Algeria, Angola, Argentina, Armenia, Australia, Austria,
    Azerbaijan,
    Bahrain, Bangladesh, Belarus, Belgium, Belize, Benin, Bhutan, Bolivia, Bosnia, Botswana,
    Brazil, Britain, Great Britain, Brunei, Bulgaria, Burkina Faso, Burma, Burundi, Cambodia,
    Cameroon, Canada, Chad, Chile, China, Colombia, Congo, Costa Rica, Croatia, Cuba, Cyprus,
    Czech Republic, Czechia, Denmark, Ecuador, Egypt, El Salvador, England, Eritrea, Estonia,
    Ethiopia, Fiji, Finland, France, Gabon, Gambia, Georgia, Germany, Ghana, Greece, Greenland,
    Guatemala, Guinea, Guyana, Haiti, Honduras, Hungary, Iceland, India, Indonesia, Iran, Iraq,
    Ireland, Israel, Italy, Jamaica, Japan, Jordan, Kazakhstan, Kenya, Korea, North Korea, South
    Korea, Kosovo, Kuwait, Kyrgyzstan, Laos, Latvia, Lebanon, Lesotho, Liberia, Libya, Lithuania,
    Luxembourg, Madagascar, Malawi, Malaysia, Mali, Malta, Mauritania, Mauritius, Mexico,
    Moldova, Monaco, Mongolia, Montenegro, Morocco, Mozambique, Myanmar, Namibia, Nepal,
    Netherlands, Holland, New Zealand, Nicaragua, Niger, Nigeria, Norway, Oman, Pakistan,
    Palestine, Panama, Paraguay, Persia, Peru, Philippines, Poland, Portugal, Prussia, Qatar,
    Romania, Russia, Rwanda, Saudi Arabia, Scotland, Senegal, Serbia, Sierra Leone, Singapore,
    Slovakia, Slovenia, Somalia, South Africa, Soviet Union, Spain, Sri Lanka, Sudan, Suriname,
    Sweden, Switzerland, Syria, Taiwan, Tajikistan, Tanzania, Thailand, Tibet, Togo, Tunisia,
    Turkey, Turkmenistan, UAE, Uganda, UK, Ukraine, United Kingdom, United States, United Arab
    Emirates, Uruguay, US, U.S, USA, USSR, Uzbekistan, Venezuela, Vietnam, Wales, Yemen, Zambia,
    Zimbabwe, Africa, America, Asia, Europe, Latin America, North America, South America,
    Oceania, Middle East, Antarctica, Arctic, Atlantic, Pacific, Mediterranean, Caribbean,
    Amsterdam, Ankara, Athens, Baghdad, Bangkok, Barcelona, Beijing, Beirut, Belfast, Berlin,
    Bonn, Boston, Brussels, Bucharest, Budapest, Buenos Aires, Cairo, Calcutta, Canberra, Cape
    Town, Chicago, Copenhagen, Dallas, Damascus, Delhi, New Delhi, Detroit, Dhaka, Dubai, Dublin,
    Edinburgh, Florence, Geneva, Glasgow, Hanoi, Havana, Helsinki, Hong Kong, Houston, Islamabad,
    Istanbul, Jakarta, Jerusalem, Kabul, Karachi, Kiev, Kyiv, Kolkata, Kuala Lumpur, Lahore,
    Lisbon, Liverpool, London, Los Angeles, Madrid, Manchester, Manila, Melbourne, Mexico City,
    Miami, Milan, Montreal, Moscow, Mumbai, Munich, Nairobi, Naples, New York, New York City,
    Oslo, Ottawa, Oxford, Cambridge, Paris, Philadelphia, Prague, Quebec, Rio de Janeiro, Rome,
    San Francisco, Santiago, Seattle, Seoul, Shanghai, Stockholm, Sydney, Taipei, Tehran, Tel
    Aviv, Tokyo, Toronto, Tripoli, Tunis, Venice, Vienna, Warsaw, Washington, Washington D.C,
    Wuhan, Zurich, Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut,
    Delaware, Florida, Hawaii, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana,
    Maine, Maryland, Massachusetts, Michigan, Minnesota, Mississippi, Missouri, Montana,
    Nebraska, Nevada, New Hampshire, New Jersey, New Mexico, North Carolina, North Dakota, Ohio,
    Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina, South Dakota, Tennessee, Texas,
    Utah, Vermont, Virginia, West Virginia, Wisconsin, Wyoming, Ontario, British Columbia, Nova
    Scotia, New England, Victoria, New South Wales, Queensland, Tasmania, Bavaria, Saxony,
    Bohemia, Kashmir, Jammu, Punjab, Bengal, Gaza, West Bank, Crimea, Siberia, Serengeti, Sahara,
    Earth, Mars, Moon, St Louis, Oval Office, White House,
    Wall Street, Silicon Valley, Hollywood""".split(",")
)
# Nationalities, religions, languages: capitalised, and no names.
ADJECTIVES = frozenset(
    """nazi biblical royal american british english french german indian pakistani chinese
    japanese russian soviet italian spanish portuguese dutch belgian swiss austrian polish
    czech hungarian greek turkish arab arabic israeli palestinian jewish iranian persian
    iraqi afghan syrian egyptian african asian european australian canadian mexican
    brazilian korean vietnamese thai indonesian ukrainian swedish norwegian danish finnish
    irish scottish welsh latin roman byzantine ottoman mongol mongolian tibetan christian
    christians muslim muslims islamic catholic catholics protestant protestants lutheran
    orthodox hindu hindus buddhist buddhists jews germans americans serbian croatian
    victorian medieval western eastern republican democrat democratic democrats
    republicans hebrew south-asian cuban saudi emirati kenyan nigerian parliamentarian""".split()
)
SLIPS = frozenset(
    """although while when after before since because if as during despite though where once
    today yesterday tomorrow god internet bible christ table entity fig section chapter
    mother father covid-19 dna rna pcr according however additionally furthermore moreover
    many most several some all both each every other others more much such first second
    third last next one two three four five six seven eight nine ten another like unlike
    between among under over upon within without through throughout also even only just
    still yet thus hence therefore finally nowadays recently currently later earlier
    originally initially eventually subsequently consequently perhaps sometimes often
    usually generally especially particularly nevertheless nonetheless instead rather
    indeed besides meanwhile around about across against along near off out up down back
    there here what which who whose why how please thank yes no not never none nothing
    everything everyone everybody nobody someone somebody anyone anybody anything
    something data to-morrow et al monday tuesday wednesday thursday friday saturday
    sunday january february march april may june july august september october november
    december spring summer autumn winter""".split()
)
"""Words with a capital at the start of a sentence, or by custom, that name nobody."""
GIVEN = frozenset(
    """aaron abdul abigail abraham adam adele adrian agnes ahmed alan albert alejandro alex
    alexander alexandra alfred ali alice alison allen amanda amelia amir amit amy ana andre
    andrea andreas andrew angela angelo ann anna anne anthony antoine anton antonio arjun
    arnold arthur ashley audrey augustus barbara beatrice benedict benjamin bernard bertha
    bill bob boris brian bruce caleb carl carla carlos carol caroline catherine cecilia
    charles charlotte chloe chris christian christina christine christopher claire clara
    claude colin conrad cornelius daniel daria david deborah denis dennis diana diego dmitri
    dominic donald dora doris dorothy douglas duncan dwight edgar edith edmund eduardo edward
    edwin eleanor elena eli elias elijah elizabeth ella ellen emanuel emil emily emma emmanuel
    enrique eric erik ernest esther eugene eva evan evelyn felix ferdinand fernando fiona
    frances francesco francis francois frank franz fred frederick friedrich fritz gabriel gary
    gavin georg george gerald gerard gilbert giovanni giuseppe grace graham greg gregory
    gustav hannah hans harold harriet harry hassan heather heinrich helen helga henri henry
    herbert herman hermann horace howard hugh hugo humphrey ian ibrahim igor ingrid irene
    isaac isabel isabella ivan jack jackson jacob jacques jake jamal james jamie jan jane
    janet jason jean jeff jeffrey jennifer jeremy jerome jesse jessica jim jimmy joan joe joel
    johan johann johannes john johnny jon jonas jonathan jorge jose josef joseph joshua joyce
    juan judith julia julian julie julius justin karen karl kate katharina katherine kathleen
    katie keith kelly kenneth kevin khalid kim kimberly kofi konrad kumar lars laura lauren
    lawrence leah leo leon leonard leonardo leslie lewis liam lillian linda lisa lloyd lorenzo
    louis louise lucas lucia lucy ludwig luigi luis luke lydia magdalena malcolm manuel marc
    marco marcus margaret maria marie marilyn mario marion mark marta martha martin martina
    mary matilda matthew matthias maurice max maya megan mei melissa michael michel michelle
    miguel mike mikhail milton miriam mitchell mohamed mohammad mohammed molly monica moses
    muhammad nadia nancy naomi natalie nathan nathaniel neil nelson nicholas nick nicole nigel
    nikola nikolai nina noah noel nora norman oleg oliver olivia omar oscar otto owen pablo
    pamela patricia patrick paul paula pauline pedro peggy penelope peter philip philipp
    pierre priya rachel rafael rajesh ralph raymond rebecca richard rita robert roberto robin
    roger roland ronald rosa rose ross roy rudolf rupert russell ruth ryan sally salman sam
    samuel sandra sara sarah scott sean sebastian sergei sergio sharon sidney sigmund simon
    sofia sophia sophie stanley stefan stephanie stephen steve steven stuart sunil susan sven
    sylvia tammy ted terence teresa theodore theresa thomas tim timothy tobias tom tony tracy
    valerie vera victor viktor vinay vincent virginia vladimir walter wanda wayne wendy werner
    wilhelm will william winston wolfgang xavier yasmin yuri yusuf zachary zoe""".split()
)
"""Given names that are common in English texts."""
