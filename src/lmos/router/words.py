"""English and German words that say nothing of a topic."""

from __future__ import annotations

# Kept as text because hundreds of quoted words are hard to read.


def _words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


ENGLISH = _words("""
    a about above after again against all already also although always am among an and another any anybody
    anyone anything are aren around as at away back be because been before behind being below between both
    but by can cannot could couldn d did didn do does doesn doing don done down during each either else
    enough even ever every everybody everyone everything few for from get give go goes going gone got had
    has have haven having he hello help her here hers herself hey hi him himself his how however i if in
    instead into is isn it its itself just know last later least let like ll m many may maybe me might mine
    more most much must my myself need neither never next no nobody none nor not nothing now of off often on
    once one only or other others otherwise our ours out over own please quite rather re really s same shall
    she should shouldn show since so some somebody someone something sometimes soon still such t tell than
    thank thanks that the their theirs them then there these they this those though through till to together
    too under until up us ve very want was wasn we well were weren what when where whether which while who
    whom whose why will with within without won would wouldn yes yet you your yours yourself cant couldnt
    didnt doesnt dont havent im isnt ive thats wasnt whats wont
    """)
"""English function words; what stands around an apostrophe counts as words."""

GERMAN = _words("""
    ab aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes anders auch
    auf aus außer bei beide beiden beides beim bevor bin bis bist bitte brauch brauche brauchen braucht da
    dabei dadurch dafür dagegen daher dahin damit danach daneben dann daran darauf daraus darf darfst darin
    darüber darum darunter das dass davon davor dazu dein deine deinem deinen deiner dem den denen denn der
    deren derselbe des deshalb dessen dich die dies diese dieselbe diesem diesen dieser dieses dir doch dort
    du durch dürfen dürfte eben egal eigene eigenen eigentlich ein eine einem einen einer eines einfach
    einige einmal er erst es etwas euch euer eure eurem euren fast für ganz gar gegen genau genug gerade
    gern gerne gewesen gibt gibts ging gleich guten hab habe haben habt hallo hast hat hatte hatten hättest
    hätte hätten her hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins
    irgendwann irgendwas irgendwie irgendwo ist ja je jede jedem jeden jeder jedes jemand jetzt kann kannst
    kaum kein keine keinem keinen keiner kommt können könnt könnte könnten könntest krieg kriege kriegen
    letzte letzten man manche mehr mein meine meinem meinen meiner mich mir mit möchte möchten muss müssen
    müsst müsste müssten musste na nach nachdem nächste nächsten nächster nämlich ne neben nee nein nicht
    nichts nie niemand noch nochmal nr nun nur ob oder ohne oje paar schon sehr sein seine seinem seinen
    seiner seit selber selbst sich sie sind so sobald solange solche soll sollen sollte sollten sondern
    sonst statt stattdessen tja trotzdem tun um und uns unser unsere unserem unseren unserer unter vom von
    vor vorher während wann war waren wäre wären warum was weder weg wegen weil weiter welche welchem
    welchen welcher welches wem wen wenn wer werde werden weshalb wie wieder wieso wieviel will wir wird
    wirklich wo woher wohin womit worden wurde wurden würde würden zu zum zur zwar zwischen
    """)
"""German function words."""

TOPICLESS = (
    ENGLISH
    | GERMAN
    | _words("""
    sure ok okay yep yeah yup nope nah alright right fine good great nice cool perfect wonderful lovely
    super top sorry oh ah hm hmm uh wait exactly course welcome seriously thing things kind sort way idea
    matter mean meant mind care doubt different first second third fourth half rest ago long old new big
    small bigger smaller quick quickly quickest faster slow cheap cheaper expensive cost costs costing price
    pay paying paid charge extra free less amount cash card money euro euros possible understand understood
    repeat explain forget wrong true prefer work works take takes taking took come comes coming came bring
    send sent sending make makes happen happens happened apply applies ask say said see find keep put use
    try stop start begin book booked email mail post phone online letter photo form number name address
    appointment reminder time times day days week weeks weekend month months year years hour hours minute
    minutes today tomorrow yesterday tonight morning noon afternoon evening night early earlier late latest
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays
    saturdays sundays january february march april june july august september october november december two
    three four five six seven eight nine ten eleven twelve hundred thousand
    """)
    | _words("""
    jo jap jep nö danke vielen dank gut gute klar prima wunderbar perfekt passt stimmt richtig falsch schön
    schade mist doof leider moment sekunde achso sicher vielleicht ahnung hauptsache möglich möglichst
    lieber liebsten fall verstehe verstehen verstanden wiederhole wiederholen erkläre erklären vergiss
    vergessen überlegt meinte meinten meinst weiß wissen glaub glaube denk denke sag sage sagen sache ding
    art erste ersten erster zweite zweiten dritte dritten vierte vierten halb hälfte alt alte alten neue
    neuen neues groß große kleine kleinen lang lange länger kurz schnell schneller spät später früh früher
    teuer teurer billig billiger günstiger kostenlos kostet kosten preis zahl zahle zahlen bezahlen
    überweisen bar karte geld weniger viel viele geht gehen mach mache machen macht klappt kommen komme kam
    bringe bringen mitbringen mitkommen schicken schicke schickt nimm nehmen nehme bekomme bekommen bekommt
    kriegt dauert dauern beantragen buchen gebucht zurück telefon brief foto formular nummer adresse termin
    termine zeit mal male uhr tag tage tagen woche wochen wochenende monat monate monaten jahr jahre jahren
    stunde stunden minuten heute morgen gestern vorgestern übermorgen vormittag vormittags mittag mittags
    nachmittag nachmittags abend abends nachts montag dienstag mittwoch donnerstag freitag samstag sonntag
    montags dienstags mittwochs donnerstags freitags samstags sonntags januar februar märz mai juni juli
    oktober dezember anfang mitte ende eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf
    hundert tausend ca etwa ungefähr circa
    """)
)
"""Function words of both languages beside values (numbers, dates), courtesy, and what any topic may have:
prices, dates, forms, how to get there."""
