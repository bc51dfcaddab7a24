/** What a level asks for, in a sentence for people who meet its name for the first time. */
export const levelSentence = (level: string): string =>
  Object.hasOwn(sentences, level) ? (sentences[level] ?? '') : ''

const sentences: { readonly [level: string]: string } = {
  linearizable: 'as if there were one copy: an answer reflects every write acknowledged before the question was asked',
  sequential: 'one order for everybody, in which each client sees its own steps in turn; answers may be old',
  causal: 'what a client has seen or done comes before what it does next, for everybody; the rest may differ',
  'causal-memory': 'causal, with one order for each client that explains all of its reads',
  'causal-convergence': 'causal, and concurrent writes are settled alike everywhere',
  pram: 'the writes of each client are seen in its order; those of different clients in any',
  session: 'one order for each client that gives it all four guarantees below at once',
  'read-your-writes': 'a client sees its own writes',
  'monotonic-reads': 'a client never sees something older than it has seen',
  'monotonic-writes': 'the writes of one client are applied in its order',
  'writes-follow-reads': 'a write comes after the writes that its client had read',
  eventual: 'once all is quiet, the copies agree on a value that nobody had overwritten',
  convergent: 'once all is quiet, the copies agree, no matter on what',
}
