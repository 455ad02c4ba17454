/** Closed lists of words that the signature reads: what only holds a sentence together, what negates, what a role hangs on. */
const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Words without a meaning of their own, in English and, shorter, in the languages most often met beside it. */
export const functionWords = set(
  'a an the this that these those and or but so if then than of to in on at by for from with without into onto over under about as is are was were be been being am do does did done have has had having will would shall should can could may might must not no nor i me my mine you your yours he him his she her hers it its we us our ours they them their theirs who whom whose which what when where why how there here also too very just please each every any some such only own same both all more most less least few many much other another while during until since because although though against between through per via vs let up down out off again further once ever never always yet still else instead like one someone something anything' +
    ' der die das den dem des ein eine einen einem einer und oder aber ich du er sie es wir ihr mein meine meiner meinen meinem ist sind war hat habe haben kann kannst können könnte wie was wer wo wann warum zu zum zur von vom mit für auf aus bei nach in im an am über nicht kein keine bitte man mir mich sich auch noch nur' +
    ' le la les un une des du de et ou mais je tu il elle nous vous on mon ma mes est sont était ai as a ont peut puis comment quoi quel quelle quand où pourquoi qui que en dans sur pour par avec sans ne pas au aux ce cette se' +
    ' el los las una unos unas y o pero yo tú él ella mi mis es son está puedo puede cómo qué cuál cuándo dónde por para con sin no se del al lo su' +
    ' os um uma e ou mas eu meu minha é são posso pode como qual quando onde porque por para com sem não se do da no na ao il lo gli i di che è e per con non un una come quale quando dove perché',
);

/** Words that turn a sentence round. */
export const negators = set(
  'not no never none nobody nothing neither nor without cannot nowhere hardly barely lack lacks lacking unable fail fails nicht kein keine keinen keiner keinem nie niemals ohne pas jamais sans aucun aucune sin nunca jamás ningún ninguna não sem nem nunca non senza mai',
);

/** Words that say which, how much or when a statement holds; one more or less is another question. */
export const scopeWords = set(
  'or all any some every each only none both either neither most least first last more less few many always never still already yet except but exactly just once twice again before after during until since while if unless even without within must should can could would may might will used simultaneously minimum maximum least over under above below up down in out on off than versus own other another another same different becoming become not alone together maybe now late early ever',
);

/** Small words that give the word behind them its place in the sentence. */
export const roleWords = set(
  'from to into onto in on at by with without over under than before after of for as against about between through via instead until since above below toward towards behind beyond across around per if because while von nach zu aus mit ohne für vor als auf bei zum vom de à pour avec sans que vers dans sur por para con sin desde hasta com sem del al',
);

/** Roles of which two exchanged words make another question. */
export const strictRoles = set(
  'from to into onto over under than before after by above below with without against as instead behind via until since von nach zu aus als vor de à vers que para con sin desde hasta',
);

/** Words that begin a new clause: roles do not reach across them. */
export const clauseWords = set(
  'and or but that which who whom whose what when where why how is are was were do does did can could should would will may might must has have had und oder aber ist sind et ou mais est sont y o pero es son e é',
);

/** Words that ask or frame and weigh little: "explain" and "what is" want the same. */
export const framingWords = set(
  'tell explain describe show give want need know like help find get make do use way thing question ask answer please say look see try mean understand learn let go come happen work think wonder exactly actually really basically simply currently possible best good kind type sort stuff someone anyone people person able create write generate provide list share detail example need would i you me we command step method process explanation info information quick quickly following below above here there own new current',
);

/** Marks around coordinated things: across these an exchange changes nothing. */
export const coordinators = set('and or vs versus nor und oder et ou y o e ,');

/** Relations that hold both ways. */
export const symmetricWords = set(
  'friend friends close married engaged related next near similar same equal different difference differ compare comparison between meet dating date marry cousin sibling neighbour neighbor partner connected identical vs versus similarity distance together interchangeable acquaintance acquaintances colleague colleagues roommate roommates classmate classmates twin twins rival rivals border adjoin touch intersect overlap correlate resemble interact',
);
