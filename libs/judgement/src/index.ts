export { type Admission, admit } from './admission.ts';
export { type Cacheability, cacheability } from './cacheability.ts';
export { type Classifier, createLexicalClassifier, type LexicalThresholds } from './classifier.ts';
export { type AnswerComparison, compareAnswers } from './compare-answers.ts';
export { resolvesTo } from './dialogue/standalone.ts';
export { type Way, waysOf } from './dialogue/ways.ts';
export { holdsPersonalData } from './hardening/personal-data.ts';
export { exactKey, type KeyScope, partitionKey, policyVersion } from './key.ts';
export { languageOf } from './language.ts';
export { bloomBits, bloomPlaces } from './lexicon/bloom.ts';
export { lemmaOf, partsOf, type Relation, relationOf } from './lexicon/lexicon.ts';
export { ttlsOf } from './lifetime.ts';
export { meantHint, meantNames } from './meant-name.ts';
export { minimumRank, type RankRule } from './minimum-rank.ts';
export { costNanoUsd, isFree, type Price, upperCostNanoUsd } from './money.ts';
export { complexityName, taskName } from './names.ts';
export { candidateVerdicts, estimateNanoUsd } from './policy.ts';
export { applyProfile } from './policy-profile.ts';
export { priceTable, withListedPrices } from './prices.ts';
export { type MeaningWeights, meaningHeads, nearness } from './prompt/meaning.ts';
export {
  createPromptModel,
  type HeadName,
  type HeadWeights,
  headNames,
  needScore,
  type PromptJudgement,
  type PromptModel,
  type PromptWeights,
  raritySteps,
  type TaskName,
  taskNames,
} from './prompt/model.ts';
export { type PromptText, readPrompt } from './prompt/read.ts';
export { formOf, shapeNames } from './prompt/shape.ts';
export { judgePrompt, shippedMeaningWeights, shippedPromptWeights } from './prompt/shipped.ts';
export { forEachTerm, type Vocabulary, weigh } from './prompt/vocabulary.ts';
export { questionOf } from './question.ts';
export {
  type Considered,
  isPinned,
  type Plan,
  type PlannedRoute,
  planRoutes,
  promptTokens,
  type RoutingTable,
} from './routing.ts';
export { type AdmissionClass, admissionClass } from './signature/admission-class.ts';
export { classWords } from './signature/closed-classes.ts';
export { embeddedForm } from './signature/embedded-form.ts';
export { rememberedSignature, type Signature, signatureOf } from './signature/signature.ts';
export { matchTemplate, type Template, type TemplateMatch } from './template.ts';
export { validateChat } from './validate-chat.ts';
export { compareSignatures, featureNames } from './verifier/features.ts';
export { blendOf, confidenceFor, type Judgement, judge, trafficLogit } from './verifier/judge.ts';
export { type RuleRefusal, refusalOf } from './verifier/rules.ts';
export { Traffic } from './verifier/traffic.ts';
export { evaluateTrees, sigmoid, type TreeModel } from './verifier/trees.ts';
export { createVerifier, type VerifiedOptions } from './verifier/verify.ts';
export {
  type Candidate,
  createThresholdVerifier,
  sameAnswerProbability,
  type Verdict,
  type Verifier,
  type VerifierContext,
} from './verifier.ts';
