import type { SearchEvent } from '@chaosproxy/engine'
import { plural } from '@chaosproxy/history'
import { word } from './declare.ts'
import type { Option } from './option.ts'

/** Hands work to other machines. */
export const queueOption: { readonly queue: Option<string | undefined> } = {
  queue: word('let workers elsewhere do it (chaos worker): redis://host:6379, or env:NAME, the variable that holds it'),
}

/** What to do about work that waits for a worker. */
export const aloneText = ({ place, code }: Extract<SearchEvent, { readonly type: 'alone' }>): string =>
  code
    ? `no worker at ${place} may run code of yours: start one with npx chaos worker --allow-code --queue ADDRESS`
    : `no worker at ${place}: start one with npx chaos worker --queue ADDRESS`

export const lostText = ({ jobs }: Extract<SearchEvent, { readonly type: 'lost' }>): string =>
  `Redis had lost ${plural(jobs, 'job')}, which ${jobs === 1 ? 'was' : 'were'} handed out again: nothing is missing`
