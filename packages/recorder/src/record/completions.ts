import { type Completions, type Entry, type Interpretation, ok } from './call.ts'

export const partOf = (answer: Completions | undefined, i: number): Interpretation | undefined =>
  answer === undefined || 'type' in answer ? answer : answer[i]

/**
 * Returns the completions of a duplicate (a request that the proxy sent a second time). `answer`: the completions that
 * the reply to the duplicate shows.
 */
export const completionsOfCopy = (answer: Completions | undefined): Completions | undefined =>
  answer === undefined ? undefined : 'type' in answer ? ofCopy(answer) : answer.map(ofCopy)

/** A backend that recognises a duplicate may repeat its first reply without executing the duplicate. */
const ofCopy = (completion: Interpretation): Interpretation =>
  completion.type === 'ok' && 'value' in completion ? { type: 'info', error: ANSWERED_COPY } : completion

const ANSWERED_COPY =
  'the server answered the duplicate that the proxy sent, but may not have carried out the request again'

export const okOf = (entry: Entry | undefined): Interpretation | undefined =>
  entry === undefined ? undefined : ok(entry.value)

export const isAcknowledged = (completions: Completions): boolean =>
  ('type' in completions ? [completions] : completions).some(({ type }) => type === 'ok')
