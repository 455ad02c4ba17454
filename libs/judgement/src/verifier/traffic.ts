/**
 * Where nothing is known of the traffic. On a labelled stream of ordinary questions, none asked twice, the estimate stays near it
 * (docs/decisions/0026).
 */
const usualShare = 0.25;
/** What is known beforehand weighs as much as so many questions. */
const usualWeight = 50;
/** Questions that are remembered, about: traffic changes. */
const memory = 500;
/** Log-odds that traffic may add at most: beyond it only labels would prove. */
const mostShift = 1;

/**
 * What the traffic of one partition is like, learned without labels. The verifier's probabilities hold where questions are as often asked
 * again as they usually are. Where they are asked again more often (a support desk's), a candidate that looks the same is the same more often
 * too: the odds of each rise by the odds of a repeat here over the usual ones. How often that is, the probabilities themselves tell
 * (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori probabilities", by one question at a
 * time). Where they are asked again less often nothing changes: the budget counts wrong hits over lookups, and there are fewer of both.
 */
export class Traffic {
  #share: number = usualShare;
  #weight: number = usualWeight;

  /** Of the questions that had something near, the share whose nearest was the same question, as is thought. */
  get repeatShare(): number {
    return this.#share;
  }

  /** Log-odds that a candidate gains here, 0 to 1. */
  get shift(): number {
    return Math.min(mostShift, Math.max(0, logOdds(this.#share) - logOdds(usualShare)));
  }

  /** A question was asked whose likeliest candidate had this probability of being the same, `shift` included. */
  saw(probability: number): void {
    this.#weight = Math.min(memory, this.#weight + 1);
    this.#share += (probability - this.#share) / this.#weight;
  }
}

function logOdds(share: number): number {
  return Math.log(share / (1 - share));
}
