import { type Json, UserError } from '@chaosproxy/history'

/** The elements that an object begins with; null stands for none. @throws UserError */
export function listAtFirst(initial: Json, kind: string, example: string = '[1,2]'): readonly Json[] {
  if (initial === null) return []
  if (Array.isArray(initial)) return initial
  throw new UserError(
    'usage',
    `the ${kind} begins as ${JSON.stringify(initial)}, which is no list. Give e.g. ${example}.`,
  )
}
