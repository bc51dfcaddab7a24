import type { Priority, SearchEvent } from '@chaosproxy/engine'
import { plural, usageError } from '@chaosproxy/history'
import * as v from 'valibot'
import type { ParsedOptions } from '../command.ts'
import type { Option } from '../option.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'
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

/** @throws UserError (usage) if a priority is given without a queue. */
export function requireQueued(options: ParsedOptions): void {
  if (options['priority'] !== undefined && options['queue'] === undefined)
    throw usageError('--priority needs a queue: add --queue redis://host:6379.')
}

type QueueEvent = Extract<SearchEvent, { readonly type: 'alone' | 'unreachable' | 'lost' | 'damaged' }>

/** Shows why work is waiting and what to do about it. Warns if work had to be sent again. */
export function showQueue(event: QueueEvent, { update, warn }: Pick<ProgressDisplay, 'update' | 'warn'>): void {
  const text = textOf(event)
  if (event.type === 'alone' || event.type === 'unreachable') update(text)
  else warn(text)
}

function textOf(event: QueueEvent): string {
  switch (event.type) {
    case 'unreachable':
      return `the Redis at ${event.place} does not answer: waiting for it`
    case 'alone':
      return event.code
        ? `no worker at ${event.place} may run code of yours: start one with npx chaos worker --allow-code --queue ADDRESS`
        : `no worker at ${event.place}: start one with npx chaos worker --queue ADDRESS`
    case 'damaged':
      return `A file for ${event.job} was damaged in Redis, and is sent again`
    case 'lost':
      return `Redis had lost ${plural(event.jobs, 'job, which was', 'jobs, which were')} handed out again: nothing is missing`
    default:
      return event satisfies never
  }
}
