/** Why there is no answer. `fail`: the request certainly had no effect; `info`: it may have had one. */
export interface Trouble {
  readonly type: 'fail' | 'info'
  readonly error: string
}

export const isTrouble = (answer: unknown): answer is Trouble =>
  typeof answer === 'object' &&
  answer !== null &&
  'error' in answer &&
  'type' in answer &&
  (answer.type === 'fail' || answer.type === 'info')
