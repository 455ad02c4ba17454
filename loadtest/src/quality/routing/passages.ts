/**
 * Demands on a text or on code that comes with them. What is asked decides the task, not what the text is about: a passage on physics to
 * be summarised is ordinary writing. Passages are texts of sets that may ship.
 */
import type { TaskName } from '@refrain/judgement';
import { Random } from '../fit/random.ts';

const list = (text: string): string[] => text.trim().split(/\s*\n\s*/);

const ofText = list(`Summarize the following text in three sentences.
  Please summarize the key points of these notes as bullet points.
  Rewrite this paragraph so that it is more concise.
  Polish the language of this abstract.
  Suggest five titles for a paper with this abstract.
  Write a catchy headline for this article.
  Extract the most important keywords from the text below.
  Simplify the following explanation for a reader of twelve years.
  Translate the following into Spanish.
  Translate this into Chinese, and keep the technical terms in English.
  Paraphrase the following.
  Correct the grammar and spelling of the text.
  Read the passage and answer the question that follows it.
  From the passage, find what the author says about its causes.
  Which topics does this text cover? List them.
  Classify the following text as news, opinion or advertisement.
  Write a blog post for developers that explains this.
  Write a question that a teacher could ask about this passage.
  Create a quiz of three questions with four alternatives on this material.
  Turn the notes below into a friendly e-mail to a client.
  Write a reply to the following message.
  Analyze the tone of the following text.
  Write a peer review of this abstract.
  Using the search results below, write a comprehensive reply to the query and cite them.
  Is the following claim true? Explain briefly.
  Give feedback on my essay and tell me how to improve it.
  What is the thesis of this essay?
  Write a script for a short talk on the following.
  Continue this story.
  Draft a clause for a contract that covers the following.
  Write a social media post about the following.
  Pull out all names, dates and amounts mentioned.
  Group the following items into themes.
  Here is a job description. Write a cover letter for it.
  Write an executive summary of this report.
  What advice would you give to the person who wrote this?
  Compare the two views in this text.
  Extract the people, things and amounts from the following sentences and return them as JSON, one object a sentence.
  From these records take the highest and the lowest value of each group. Output CSV, one line a group.
  Identify the places, currencies and years in the presented texts. Use a table as output.
  Given this data, name the company with the largest growth and who leads it.
  Count how often each word of the list occurs in the material below and give a dictionary.
  Rate each of the following reviews from 1 to 10 and return a list of numbers.
  Pull every variable and unit out of the following, one line for each.
  Describe this for a catalogue, in an engaging voice.`);

const ofCode = list(`Explain what this code does.
  What does the following function return?
  Fix the bug in this code.
  Complete this function.
  Refactor the code below to be more readable.
  Add type hints and tests.
  Translate this to JavaScript.
  Rewrite the following in Java.
  Why do I get an error when I run this?
  Make it faster.
  Implement the following.
  Write unit tests for this.`);

/** A prompt made of a demand and what it is about. */
export interface PassagePrompt {
  readonly text: string;
  readonly task: TaskName;
}

/** `count` demands on each kind: texts of a few neighbours in `texts`, and code. The same for the same seed. */
export function wrapPassages(
  texts: readonly string[],
  code: readonly string[],
  { count, seed }: { count: number; seed: number },
): PassagePrompt[] {
  const random = new Random(seed);
  const made: PassagePrompt[] = [];
  for (let i = 0; i < count; i += 1) {
    const from = random.below(Math.max(1, texts.length - 6));
    const passage = texts.slice(from, from + 1 + random.below(6)).join(random.pick([' ', '\n', '\n\n']));
    made.push({ task: 'text', text: joined(random.pick(ofText), passage, random) });
    if (i % 4 === 0) made.push({ task: 'code', text: joined(random.pick(ofCode), random.pick(code), random) });
  }
  return made;
}

function joined(demand: string, passage: string, random: Random): string {
  const frames = [
    `${demand}\n\n${passage}`,
    `${demand} ${passage}`,
    `${passage}\n\n${demand}`,
    `"${passage}"\n${demand}`,
  ];
  return random.pick(frames);
}
