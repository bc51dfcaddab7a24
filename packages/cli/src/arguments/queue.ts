import type { SearchEvent } from '@chaosproxy/engine'
import { plural } from '@chaosproxy/history'
import { word } from './declare.ts'
import type { Option } from './option.ts'

/** Hands work to other machines. */
export const queueOption: { readonly queue: Option<string | undefined> } = {
  queue: word('let workers elsewhere do it (chaos worker): redis://host:6379, or env:NAME, the variable that holds it'),
}

type Told<Type extends SearchEvent['type']> = Extract<SearchEvent, { readonly type: Type }>

/** Why work waits, and what to do about it. */
export function waitingText(event: Told<'alone' | 'unreachable'>): string {
  if (event.type === 'unreachable') return `the Redis at ${event.place} does not answer: waiting for it`
  return event.code
    ? `no worker at ${event.place} may run code of yours: start one with npx chaos worker --allow-code --queue ADDRESS`
    : `no worker at ${event.place}: start one with npx chaos worker --queue ADDRESS`
}

/** What had to be sent again. */
export function againText(event: Told<'lost' | 'damaged'>): string {
  if (event.type === 'damaged') return `A file for ${event.job} was damaged in Redis, and is sent again`
  const { jobs } = event
  return `Redis had lost ${plural(jobs, 'job')}, which ${jobs === 1 ? 'was' : 'were'} handed out again: nothing is missing`
}
