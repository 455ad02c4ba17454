/**
 * Frames for what is easily taken for something else: technical words in ordinary writing and asking, and puzzles in ordinary words.
 */
const list = (text: string): string[] => text.trim().split(/\s*\n\s*/);

/** Writing and asking where the words are a trade's; {s} is a thing of the trade, {t} a topic, {r} somebody. */
export const tradeWriting: readonly string[] =
  list(`Write a page for new members of the project that explains how to report faults in {s} and what is not accepted.
  Prepare slides about {t}: title, five bullet points a slide, and notes for the speaker.
  Write step-by-step instructions for a customer who sets up {s} for the first time. Use plain words.
  Act as an architect for {s}. I will describe what a company needs, and you suggest what to buy and why.
  Draft a service agreement between a firm that runs {s} and its client.
  Write a job advertisement for somebody who knows {s}.
  Compare two courses on {s} for a beginner: price, length and what one learns.
  Our team argues about {s}. How do I run a meeting in which everybody is heard?
  Which is better for a small firm, {s} or a hosted service? Give pros and cons.
  Write a friendly reply to a customer whose order for {s} is late.
  What are the main ideas behind {s}, in words that a manager understands?
  Translate these words into Italian: server, field, attribute, log, key.
  Explain the history of {s} and who uses it today.
  Give me ten names for a podcast about {s}.
  Write a short article for the company's newsletter about our move to {s}.
  Summarize the arguments for and against {s}.
  Plan a week of learning for somebody who wants to know {s}, with a goal for each day.
  I am nervous about my interview on {s}. What should I say when I do not know an answer?
  You are {r}. Tell me how you would explain {t} to a friend.
  Pretend to be {r} who gives a lecture about {t}. Answer my questions and stay in the role.
  As {r}, write a letter about {t} to somebody of another century.
  Is it true that {t} matters more today than it did fifty years ago? Check the claim briefly.
  Write a review of a book about {t}.
  My mobile phone has little memory left and is slow. What can I do?
  How do I find out whether the battery of my laptop is worn?
  Which printer should I buy for a home office, and why?
  Estimate what it costs to open a small restaurant, and list the posts of the budget.
  Write a plan for a lesson on {t}: aims, material, steps, homework.
  Write an outline for an essay on {t} and say which argument is the strongest.
  Mend the grammar of this note to my landlord: the heating dont work since friday.
  Turn this report on {s} into the past tense and make it shorter.
  Recommend three films like the one I saw yesterday, about {t}, and say what they have in common.
  What do you know about {t}? Give sources.
  Write an answer to the question "what is {t}?" for a forum, from the search results below, and cite them by number.
  [1] An article says that {t} is growing. [2] Another says it is not. Using these results, answer the question and cite them.
  Write a proposal with timeline and budget for a study of {t}.`);

/** Puzzles and exam questions in ordinary words; {n} and {m} are numbers, {x}, {y} and {z} people, {t} things. */
export const wordPuzzles: readonly string[] =
  list(`{x} looks at a portrait and says: the father of this man is my father's son. Who is in the portrait?
  Of {n} tickets one wins. {x} buys {m}, then one blank is taken away. Should {x} swap?
  Odd one out: {n}, {m}, 49, 81, 50. Justify it.
  Three of these are planets and one is a moon. Name the one that differs: Mars, Titan, Venus, Saturn.
  Hand is to glove as foot is to what?
  {x} enters a dark room with one match, a candle and a stove. What is lit first, and why?
  A clock strikes {n} in {m} seconds. How long does it take to strike twice as often? Explain.
  {x}'s mother has {m} children: the others are called April and May. What is the last one called?
  What comes next: 2, 6, 12, 20, ... ? Say how you found it.
  If all zips are zaps and some zaps are zops, must some zips be zops?
  {x} says that {y} lies, {y} says that {z} lies, {z} says that both lie. Who tells the truth?
  True or false: a heavier stone falls faster in a vacuum. Give the reason.
  Fill in the blank: the process by which plants make sugar from light is called ____.
  Complete the sentence with the right word: an object at rest stays at rest unless a ____ acts on it.
  Put these events in order: the first flight, the first printed book, the first steam engine.
  Which of the following is not a mammal? A) whale B) bat C) penguin D) dog
  "The trophy did not fit in the case because it was too small." What was too small? a) the trophy b) the case
  What does the rose stand for in the poem, and which lines show it? Answer as in an exam.
  Choose the best answer and give a reason: iron rusts because of a) oxygen and water b) light c) cold.
  {x} walks {n} steps north, {m} east and {n} south. How far is {x} from the start, and in which direction?
  A bottle and its cork cost {n} in all, the bottle {m} more than the cork. What does the cork cost?
  {x} has a wolf, a goat and a cabbage and a boat for two. How do all get across?
  Which weighs more, {n} pounds of feathers or {n} pounds of stones? Explain.
  There are {n} {t} in a drawer, half black, half white. How many must {x} take in the dark to have a pair?
  What has a neck but no head? Explain the riddle.
  {x} is shorter than {y}, who is shorter than {z}. Who is the tallest? How do you know?
  Yesterday was two days before Monday. Which day is tomorrow?
  How can {n} {t} be shared among {m} people so that one stays in the basket and each has the same?
  Look at the scene: {x} sits left of {y}, {z} sits opposite. Who sits right of {z}?
  A statement and two assumptions: "use this pen, it never fails". Which assumption is implicit?
  Decide whether the conclusion follows: it rained, the street is wet; the street is wet, so it rained.
  {n} machines make {n} {t} in {n} minutes. How long do {m} machines need for {m}?
  Read the law: who parks here pays {n}. {x} parked and did not pay. Which rule was broken, and by whom?
  Is "this sentence is false" true? Explain the paradox.
  Why does the mirror swap left and right but not up and down? Reason it out.`);
