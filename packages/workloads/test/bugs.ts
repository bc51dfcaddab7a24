import type { Completion, Input } from '@chaosproxy/history'
import { type PlainObject, plainObjects } from './objects.ts'

/** Creates a correct object with one bug, which shows at the nth operation to which it applies. */
type Bug = (nth: number) => PlainObject

/** Acknowledges the nth operation with this `f` without executing it. */
const lost =
  (workload: string, f: string): Bug =>
  (nth) => {
    const object = plainObjects[workload]!()
    let seen = 0
    return (input) => {
      if (input.f === f && ++seen === nth) return { type: 'ok', value: input.value }
      return object(input)
    }
  }

/** Executes the nth operation with this `f` twice. */
const twice =
  (workload: string, f: string): Bug =>
  (nth) => {
    const object = plainObjects[workload]!()
    let seen = 0
    return (input) => {
      if (input.f === f && ++seen === nth) object(input)
      return object(input)
    }
  }

/** After n other operations, repeats the earlier answer to an equal operation `f`. */
const stale =
  (workload: string, f: string): Bug =>
  (nth) => {
    const object = plainObjects[workload]!()
    const before = new Map<string, Completion>()
    let changed = 0
    return (input: Input) => {
      if (input.f !== f) {
        changed++
        return object(input)
      }
      const name = `${input.key} ${JSON.stringify(input.value)}`
      const known = before.get(name)
      if (known !== undefined && changed >= nth) return known
      const completion = object(input)
      before.set(name, completion)
      return completion
    }
  }

/** Grants a lock that is already held. */
const grantsTwice: Bug = (nth) => {
  const object = plainObjects['lock']!()
  let refused = 0
  let token = 0
  return (input) => {
    const completion = object(input)
    if (completion.type === 'ok' && input.f === 'acquire') token = completion.value as number
    if (completion.type === 'fail' && input.f === 'acquire' && ++refused === nth)
      return { type: 'ok', value: token + 1 }
    return completion
  }
}

/** Repeats an earlier answer. */
const repeats =
  (workload: string, f: string): Bug =>
  (nth) => {
    const object = plainObjects[workload]!()
    const answers = new Map<string | undefined, Completion>()
    let seen = 0
    return (input) => {
      const last = answers.get(input.key)
      if (input.f === f && last !== undefined && ++seen === nth) return last
      const completion = object(input)
      const empty = completion.type === 'ok' && completion.value === null
      if (input.f === f && !empty) answers.set(input.key, completion)
      return completion
    }
  }

/** Every so often, a read returns a page that was never stored. */
const invents: Bug = (every) => {
  const right = plainObjects['read-only']!()
  let reads = 0
  return (input) => (++reads % every === 0 ? { type: 'ok', value: 'another page' } : right(input))
}

export const bugs: { readonly [workload: string]: { readonly [bug: string]: Bug } } = {
  register: { 'a write is lost': lost('register', 'write'), 'a read is stale': stale('register', 'read') },
  append: { 'an append is lost': lost('append', 'append'), 'an append is done twice': twice('append', 'append') },
  counter: { 'an add is lost': lost('counter', 'add'), 'an add is done twice': twice('counter', 'add') },
  set: { 'an add is lost': lost('set', 'add'), 'a remove is lost': lost('set', 'remove') },
  queue: { 'an enqueue is lost': lost('queue', 'enqueue'), 'a message comes twice': repeats('queue', 'dequeue') },
  lock: { 'two hold it': grantsTwice, 'a token comes twice': repeats('lock', 'acquire') },
  'list-append': {
    'an append is lost': lost('list-append', 'append'),
    'an append is done twice': twice('list-append', 'append'),
  },
  bank: { 'a transfer is lost': lost('bank', 'transfer'), 'a transfer is made twice': twice('bank', 'transfer') },
  'unique-ids': { 'an id is given out twice': repeats('unique-ids', 'generate') },
  'read-only': { 'a read finds another page': invents },
  log: { 'a send is done twice': twice('log', 'send'), 'an offset is given out twice': repeats('log', 'send') },
}
