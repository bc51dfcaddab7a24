/**
 * Why there is no answer. `fail` means that the request certainly had no effect, and `info` that it may have had an
 * effect.
 */
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
