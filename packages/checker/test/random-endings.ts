import type { EventInput, Json } from '@chaosproxy/history'
import { kinds, type ObjectKind, type RequestedOperation, type Simulated } from './random-objects.ts'

/** The events of clients of an object with initial values. All final reads are present, or some, or none. */
export interface Ended {
  readonly initial: Json
  readonly events: readonly EventInput[]
}

const pick = <Item>(items: readonly Item[], random: () => number): Item => items[Math.floor(random() * items.length)]!

const initials: { readonly [model: string]: readonly Json[] } = {
  set: [null, [], [1], [0, 7], ['a', 1]],
  counter: [null, 0, 2, -1],
  queue: [null, [], [1], [8, 9], [1, 1]],
  bag: [null, [], [1], [8, 9], [1, 1]],
  'list-append': [null, [], [1], [8, 9], [2, 2]],
  lock: [null, 0, 1],
}

export const endedModels: readonly string[] = Object.keys(initials)

const isMessages = (model: string): boolean => model === 'queue' || model === 'bag'

/** Simulates an object that begins with an initial value, and sometimes forgets an acknowledged operation. */
function simulated(model: string, kind: ObjectKind, initial: Json, forgetful: number, random: () => number): Simulated {
  const object = kind.simulate()
  const put = { set: 'add', counter: 'add', queue: 'enqueue', bag: 'enqueue', 'list-append': 'append' }[model]
  const first = initial === null || put === undefined ? [] : Array.isArray(initial) ? initial : [initial]
  for (const value of first as readonly Json[]) object.apply({ f: put!, value }, -1)
  if (model === 'lock' && initial !== null) object.apply({ f: 'acquire', value: null }, initial as number)
  return {
    apply: (requested, process) => {
      if (requested.f === 'drain') {
        const out: Json[] = []
        for (let n = 0; n < 20; n++) {
          const message = object.apply({ f: 'dequeue', value: null }, process)
          if (message === undefined || message === null) break
          out.push(message)
        }
        return out
      }
      if (requested.f === put && random() < forgetful) return requested.value
      return object.apply(requested, process)
    },
  }
}

interface Open {
  readonly key: string
  readonly requested: RequestedOperation
  readonly isUnknown: boolean
  done: boolean
  output: Json | undefined
}

export function randomEnded(model: string, random: () => number): Ended {
  const below = (n: number): number => Math.floor(random() * n)
  const initial = pick(initials[model]!, random)
  const kind = kinds[model]!(random, model !== 'lock')
  const keys = random() < 0.5 ? ['x'] : ['x', 'y']
  const [unknown, failed] = [random() < 0.5 ? 0.25 : 0, random() < 0.3 ? 0.2 : 0]
  const [forgetful, mutated] = [random() < 0.4 ? 0.3 : 0, random() < 0.4 ? 0.2 : 0]
  const objects = new Map(keys.map((key) => [key, simulated(model, kind, initial, forgetful, random)]))
  const events: EventInput[] = []
  const clients = Array.from({ length: 2 + below(2) }, (_, process) => ({
    process,
    open: undefined as Open | undefined,
  }))
  let next = clients.length
  const left = 2 + below(6)
  let invoked = 0
  const ask = (): RequestedOperation =>
    isMessages(model) && random() < 0.07 ? { f: 'drain', value: null } : kind.ask(random)
  const other = (output: Json, requested: RequestedOperation): Json => {
    if (random() >= mutated) return output
    if (requested.f !== 'drain') return kind.mutate(output, requested, random)
    const list = output as readonly Json[]
    return list.length > 0 && random() < 0.6 ? list.slice(1) : [...list, 1 + below(3)]
  }
  while (invoked < left || clients.some(({ open }) => open !== undefined)) {
    const client = pick(clients, random)
    const { open } = client
    if (open === undefined) {
      if (invoked++ >= left) continue
      const key = pick(keys, random)
      client.open = { key, requested: ask(), isUnknown: random() < unknown, done: false, output: undefined }
      const final = random() < 0.05 ? { final: true } : {}
      events.push({ process: client.process, type: 'invoke', key, ...client.open.requested, ...final })
      continue
    }
    if (!open.done) {
      open.done = true
      const isLost = random() < failed || (open.isUnknown && random() < 0.5)
      if (!isLost) open.output = objects.get(open.key)!.apply(open.requested, client.process)
      continue
    }
    client.open = undefined
    const { f, value } = open.requested
    const common = { process: client.process, key: open.key, f }
    if (open.isUnknown) {
      events.push({ ...common, type: 'info', value })
      client.process = next++
    } else if (open.output === undefined) events.push({ ...common, type: 'fail', value })
    else events.push({ ...common, type: 'ok', value: other(open.output, open.requested) })
  }
  return { initial, events: [...events, ...finale()] }

  function finale(): EventInput[] {
    const f = isMessages(model) ? pick(['drain', 'drain', 'dequeue'], random) : 'read'
    if (model === 'lock' || random() < 0.2) return []
    return keys.flatMap((key) =>
      Array.from({ length: pick([0, 1, 1, 2, 2], random) }).flatMap((): EventInput[] => {
        const requested = { f, value: null }
        const process = next++
        const output = objects.get(key)!.apply(requested, process)
        const common = { process, key, f }
        const value = output === undefined ? null : other(output, requested)
        return [
          { ...common, type: 'invoke', value: null, final: true },
          { ...common, type: random() < 0.1 ? 'info' : 'ok', value },
        ]
      }),
    )
  }
}
