import type { Priority, SearchEvent } from '@chaosproxy/engine'
import { plural, usageError } from '@chaosproxy/history'
import * as v from 'valibot'
import type { ParsedOptions } from '../command.ts'
import type { Option } from '../option.ts'
import { asName, word } from './declare.ts'

export const queueOption: {
  readonly queue: Option<string | undefined>
  readonly priority: Option<Priority>
} = {
  queue: word(
    'let workers (chaos worker) take the work from a Redis queue: redis://host:6379, or env:NAME for the variable that holds the address',
  ),
  priority: asName(v.optional(v.picklist(['high', 'usual', 'low']), 'usual'), 'priority', {
    text: 'priority among the jobs of the queue: high, usual or low; use low for a search overnight',
  }),
}

/** @throws UserError (usage) for a priority without a queue. */
export function requireQueued(options: ParsedOptions): void {
  if (options['priority'] !== undefined && options['queue'] === undefined)
    throw usageError('--priority needs a queue: add --queue redis://host:6379.')
}

type Told<Type extends SearchEvent['type']> = Extract<SearchEvent, { readonly type: Type }>

/** A message about why work is waiting, with a remedy. */
export function waitingText(event: Told<'alone' | 'unreachable'>): string {
  if (event.type === 'unreachable') return `the Redis at ${event.place} does not answer: waiting for it`
  return event.code
    ? `no worker at ${event.place} may run code of yours: start one with npx chaos worker --allow-code --queue ADDRESS`
    : `no worker at ${event.place}: start one with npx chaos worker --queue ADDRESS`
}

/** A message about jobs or files that had to be sent again. */
export function againText(event: Told<'lost' | 'damaged'>): string {
  if (event.type === 'damaged') return `A file for ${event.job} was damaged in Redis, and is sent again`
  const { jobs } = event
  return `Redis had lost ${plural(jobs, 'job')}, which ${jobs === 1 ? 'was' : 'were'} handed out again: nothing is missing`
}
