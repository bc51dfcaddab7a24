import type { Json } from '@chaosproxy/history'
import type { Interpretation } from './call.ts'

export const ok = (value: Json): Interpretation => ({ type: 'ok', value })

/** The completion of a call whose condition failed. */
export const declined = (error: string): Interpretation => ({ type: 'fail', error, answered: true })

export const notUnderstood = (error: string): Interpretation => ({ type: 'not-understood', error })
