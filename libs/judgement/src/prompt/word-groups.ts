/**
 * Words that tell what a prompt is about, whatever collection it comes from: curated, so that a model fitted on few sources need not
 * learn a trade's vocabulary from them. Each group is one feature: how many of its words stand in the prompt, damped.
 */
import { tokensOf } from './tokens.ts';

/** The groups by name, words parted by bars; English, with the commonest words of a few other languages. */
const lists: Readonly<Record<string, string>> = {
  programming:
    'code|coding|codebase|function|functions|method|class|classes|variable|variables|array|arrays|list|dict|dictionary|tuple|string|strings|integer|integers|boolean|loop|loops|recursion|recursive|algorithm|algorithms|compile|compiler|debug|debugging|bug|stack trace|stacktrace|exception|typeerror|valueerror|syntaxerror|referenceerror|keyerror|nullpointerexception|segmentation fault|undefined|null pointer|refactor|unit tests|unit test|api|endpoint|regex|regular expression|script|program|parse|parser|json|xml|yaml|csv|query|database|table schema|backend|server|socket|thread|async|await|pointer|binary tree|linked list|hash map|hashmap|queue|subarray|substring|leetcode|codice|código|fonction|funktion|代码|函数|код|скрипт',
  languages:
    'python|javascript|typescript|java|c++|c#|golang|rust|kotlin|swift|ruby|php|perl|scala|haskell|matlab|bash|powershell|sql|mysql|postgres|postgresql|mongodb|numpy|pandas|pytorch|tensorflow|react|angular|vue|node.js|nodejs|express|django|flask|spring|docker|kubernetes|git|linux|arduino|excel|vba|assembly|cuda|solidity|zig|lua|r studio|ggplot|latex',
  systems:
    'install|configure|configuration|config|driver|drivers|kernel|boot|daemon|systemd|nginx|apache|aws|azure|gcp|vpc|s3|ec2|terraform|ansible|cluster|pod|container|containers|makefile|cmake|compile|build|upgrade|downgrade|version|port|proxy|dns|ssl|tls|certificate|ssh|firewall|router|cache|log|logs|stack|deploy|deployment|pipeline|webhook|token|auth|oauth|sdk|cli|terminal|command|commands|shell|filesystem|partition|raspberry pi|esp32|microcontroller|circuit|firmware|unity|unreal|blender|android|ios|swiftui|jetpack compose|flutter|xcode|gradle|maven|npm|pip|conda|jupyter|kafka|redis|elasticsearch|graphql|rest api|websocket|cron|yara|siem',
  interface:
    'ui|ux|css|scss|less|html|div|layout|navbar|nav bar|sidebar|header|footer|button|buttons|form|input field|dropdown|modal|tooltip|carousel|landing page|webpage|web page|website|web site|web app|frontend|front-end|responsive|dark mode|wireframe|mockup|component|components|background color|font|icon|icons|menu|page|pages|canvas|svg|hover|animation|click|clicks|clicking|dashboard|checkout|homepage|scroll|grid|flexbox|tailwind|bootstrap',
  mathematics:
    'prove|proof|theorem|lemma|equation|equations|solve|integral|integrate|derivative|antiderivative|differentiate|limit|matrix|vector|eigenvalue|polynomial|quadratic|probability|expected value|variance|permutations|permutation|combinations|combination|triangle|circle|radius|rectangle|perimeter|area|volume|angle|degrees|slope|fraction|percent|percentage|ratio|average|median|sum|product|remainder|prime|divisible|modulo|logarithm|sine|cosine|geometry|algebra|calculus|arithmetic|compute|calculate|evaluate|simplify|maximum|minimum|how many|how much|how far|how fast|how old|how long will|total|twice|half|each|数学|证明|求|计算|вычисли|реши|calcule|berechne|beweise|löse|wie viele|计算|求证|概率|方程|函数|решить|решите|найдите|докажите|уравнение|вероятность|сколько|resuelve|calcula|demuestra|ecuación|probabilidad|cuántos|halla|résoudre|calculer|montrer|démontrer|équation|probabilité|combien|tính|chứng minh|phương trình|xác suất|giải|prove que|resolva|equação|quantas|quantos|calcola|risolvi|dimostra|oblicz|udowodnij|hesapla|구하시오|証明|確率',
  reasoning:
    'logic|logical|logically|deduce|deduction|infer|inference|conclude|conclusion|premise|premises|puzzle|riddle|true or false|valid|invalid|which of the following|which statement|therefore|must be true|necessarily|step by step|reasoning|cause|causal|best explains|most likely|options|choose the correct|correct answer|multiple choice|fill in the blank|statements|statement|older than|taller than|to the left of|to the right of|exam|quiz',
  writing:
    'write|rewrite|draft|compose|story|stories|poem|haiku|sonnet|lyrics|song|essay|paragraph|article|blog|blog post|email|e-mail|letter|speech|script for|screenplay|dialogue|character|characters|novel|chapter|scene|fanfiction|fan fiction|headline|slogan|tagline|caption|tweet|post|press release|product description|advert|ad copy|resume|cover letter|cv|toast|joke|jokes|description|outline|summary|summarize|summarise|translate|translation|paraphrase|proofread|grammar|tone|persuasive|descriptive|creative|imagine|roleplay|role play|act as|pretend|poema|gedicht|histoire|cuento|рассказ|стих|诗|故事|文章|小说|剧本|歌词|写一|祝福|演讲|润色|改写|翻译|总结|рассказ|история|роман|сценарий|песня|стихотворение|письмо|напиши историю|сочинение|пост|historia|novela|relato|guion|diálogo|personaje|canción|carta|correo|ensayo|publicación|histoire|roman|personnage|lettre|chanson|scénario|geschichte|brief|rede|aufsatz|história|conto|personagem|redação|storia|racconto|lettera|personaggio|viết bài|bài thơ|câu chuyện|thư|物語|小説|詩|キャラクター|歌詞|이야기|소설|편지',
  facts:
    'who|whom|whose|when|where|what is|what are|what was|which country|which city|capital|president|king|queen|born|died|founded|invented|discovered|located|history|population|meaning of|define|definition|difference between|tell me about|explain|describe|list|name|examples|example|recommend|recommendation|suggest|suggestions|advice|tips|ideas|best way|pros and cons|benefits|advantages|plan|itinerary|recipe|opinion|think|feel|should i|can you help|how do i|how to|how can i',
  expert:
    'theorem|conjecture|manifold|topology|stochastic|bayesian|asymptotic|eigenvalues|eigenvalue|tensor|quantum|relativity|thermodynamics|thermodynamic|entropy|hamiltonian|lagrangian|differential equations|differential equation|partial differential|fourier|laplace|gradient descent|backpropagation|transformer|reinforcement learning|neural networks|neural network|kernel|compiler|distributed|concurrency|consensus|cryptography|cryptographic|microservices|microservice|architecture|scalable|scalability|throughput|latency|dijkstra|dynamic programming|np-hard|enzyme|receptor|mitochondria|mitochondrial|genome|crispr|polymerase|pathophysiology|differential diagnosis|pharmacokinetics|pharmacokinetic|etiology|oncology|jurisprudence|tort|fiduciary|statute|plaintiff|appellate|constitutional|amortization|derivatives pricing|derivative pricing|arbitrage|monetary policy|elasticity|econometric|econometrics|regression|epistemology|epistemological|ontology|ontological|hermeneutic|hermeneutics|phenomenology|phenomenological|spectroscopy|stoichiometry|stoichiometric|electrochemistry|electrochemical|titration|semiconductor|operating system|vulnerability|vulnerabilities|exploit|firmware|fpga|embedded|signal processing',
  school:
    'integral|antiderivative|derivative|quadratic|polynomial|trigonometry|trigonometric|logarithm|matrix|probability|photosynthesis|mitosis|molecule|atom|chemical reaction|velocity|acceleration|newton|ohm|civil war|world war|revolution|treaty|shakespeare|metaphor|thesis|essay|hypothesis|gdp|inflation|supply and demand|sorting|binary search|recursion|data structure|sql query|regular expression|normal distribution|standard deviation|correlation',
  everyday:
    'dinner|lunch|breakfast|recipe|birthday|party|friend|friends|family|mom|dad|kids|children|dog|cat|pet|school|homework|weekend|vacation|holiday|trip|travel|movie|song|game|shopping|store|clothes|shirt|shoes|apples|apple|cookies|pizza|coffee|car|house|garden|weather|hobby|gift|greeting|thank you|invite|invitation|hello|favorite|funny|simple|easy|basic|beginner|short',
  demands:
    'must|should|at least|at most|no more than|exactly|without|only|ensure|make sure|requirements|requirement|constraints|constraint|include|including|each of|following criteria|in detail|detailed|comprehensive|step by step|first|then|finally|as well as|in addition|compare|contrast|analyse|analyze|critique|evaluate|design|implement|optimise|optimize|architect|trade-off|trade-offs|tradeoff|tradeoffs|justify|strategy|framework|end-to-end|from scratch|production',
};

/** Names of the groups, in the order of `countGroups`. */
export const groupNames: readonly string[] = Object.keys(lists);
const longest = 3;
const groupsOf = new Map<string, number[]>();
for (const [place, name] of groupNames.entries())
  for (const phrase of (lists[name] ?? '').split('|')) {
    const key = tokensOf(phrase).join(' ');
    groupsOf.set(key, [...(groupsOf.get(key) ?? []), place]);
  }

/** How many words and phrases of each group stand in these tokens. */
export function countGroups(tokens: readonly string[]): Float64Array {
  const counts = new Float64Array(groupNames.length);
  for (let at = 0; at < tokens.length; at += 1) {
    let phrase = '';
    for (let length = 0; length < longest && at + length < tokens.length; length += 1) {
      phrase = length === 0 ? (tokens[at] ?? '') : `${phrase} ${tokens[at + length]}`;
      for (const place of groupsOf.get(phrase) ?? []) counts[place] = (counts[place] ?? 0) + 1;
    }
  }
  return counts;
}
