import { isObject } from '@chaosproxy/history'

/** Why there is no answer. `fail` means certainly no effect, and `info` possibly an effect. */
export interface Trouble {
  readonly type: 'fail' | 'info'
  readonly error: string
}

export const isTrouble = (answer: unknown): answer is Trouble =>
  isObject(answer) && 'error' in answer && (answer['type'] === 'fail' || answer['type'] === 'info')
