import type { EventInput, Json } from '@chaosproxy/history'

/** An operation that a client requests of a simulated object. */
export interface RequestedOperation {
  readonly f: string
  readonly value: Json
}

/** A simulated object. `apply` changes its state and returns the answer; undefined if the operation fails. */
export interface Simulated {
  readonly apply: (requested: RequestedOperation, process: number) => Json | undefined
}

export interface ObjectShape {
  readonly processes: number
  readonly operations: number
  /**
   * `unknown`: the share of operations of unknown outcome. `failed`: the share of operations that fail without an
   * effect.
   */
  readonly unknown: number
  readonly failed: number
  /** The share of results that are replaced by other results. */
  readonly mutated: number
}

export interface ObjectKind {
  readonly simulate: () => Simulated
  readonly ask: (random: () => number) => RequestedOperation
  /** Returns a different result than the one that the object returned. */
  readonly mutate: (output: Json, requested: RequestedOperation, random: () => number) => Json
}

/**
 * Returns a history of clients of one object. Each operation takes effect at some moment between its call and its
 * return.
 */
export function randomObjectEvents(kind: ObjectKind, shape: ObjectShape, random: () => number): EventInput[] {
  const below = (n: number): number => Math.floor(random() * n)
  const object = kind.simulate()
  const events: EventInput[] = []
  interface Open {
    readonly process: number
    readonly requested: RequestedOperation
    readonly fails: boolean
    readonly isUnknown: boolean
    done: boolean
    output: Json | undefined
  }
  const clients = Array.from({ length: shape.processes }, (_, process) => ({
    process,
    open: undefined as Open | undefined,
  }))
  let next = shape.processes
  let invoked = 0
  while (invoked < shape.operations || clients.some(({ open }) => open !== undefined)) {
    const client = clients[below(clients.length)]!
    const { open } = client
    if (open === undefined) {
      if (invoked === shape.operations) continue
      const requested = kind.ask(random)
      invoked++
      client.open = {
        process: client.process,
        requested,
        fails: random() < shape.failed,
        isUnknown: random() < shape.unknown,
        done: false,
        output: undefined,
      }
      events.push({ process: client.process, type: 'invoke', ...requested })
    } else if (!open.done) {
      open.done = true
      // An operation of unknown outcome may never take effect.
      if (!open.fails && !(open.isUnknown && random() < 0.5)) open.output = object.apply(open.requested, open.process)
    } else {
      client.open = undefined
      const { f, value } = open.requested
      if (open.isUnknown) {
        if (random() < 0.7) events.push({ process: open.process, type: 'info', f, value })
        // This process performs no more operations. A new process takes its place.
        client.process = next++
        continue
      }
      if (open.fails || open.output === undefined) {
        events.push({ process: open.process, type: 'fail', f, value })
        continue
      }
      const output = random() < shape.mutated ? kind.mutate(open.output, open.requested, random) : open.output
      events.push({ process: open.process, type: 'ok', f, value: output })
    }
  }
  return events
}

const pick = <Item>(items: readonly Item[], random: () => number): Item => items[Math.floor(random() * items.length)]!

const below = (n: number, random: () => number): number => Math.floor(random() * n)

/** A faithful object is atomic. Other objects may break their promises, such as a lock whose leases expire. */
export const kinds: { readonly [model: string]: (random: () => number, isFaithful?: boolean) => ObjectKind } = {
  'multi-register': () => {
    const registers = ['x', 'y', 'z']
    const part = (r: () => number): Json[] =>
      r() < 0.5 ? ['read', pick(registers, r), null] : ['write', pick(registers, r), 1 + below(3, r)]
    return {
      simulate: () => {
        const held: { [register: string]: Json } = { x: null, y: null, z: null }
        return {
          apply: ({ value }) =>
            (value as [string, string, Json][]).map(([f, register, written]) => {
              if (f === 'write') held[register] = written
              return [f, register, held[register] ?? null]
            }),
        }
      },
      ask: (r) => ({ f: 'txn', value: Array.from({ length: 1 + below(2, r) }, () => part(r)) }),
      mutate: (output, _, r) => {
        const txn = output as [string, string, Json][]
        const at = below(txn.length, r)
        return txn.map((each, n) =>
          n === at && each[0] === 'read' ? [each[0], each[1], pick([null, 1, 2, 3], r)] : each,
        )
      },
    }
  },
  counter: (random) => {
    // The amounts that are added: only 1, only one other number, or several numbers.
    const steps = pick([[1], [1], [2], [-1], [1, 2], [1, -1, 3]], random)
    return {
      simulate: () => {
        let count = 0
        return {
          apply: ({ f, value }) => {
            if (f === 'read') return count
            count += Number(value)
            return value
          },
        }
      },
      ask: (r) => (r() < 0.5 ? { f: 'add', value: pick(steps, r) } : { f: 'read', value: null }),
      mutate: (output, { f }, r) => (f === 'read' ? Number(output) + pick([-2, -1, 1, 2], r) : output),
    }
  },
  set: (random) => {
    const isGrowOnly = random() < 0.6
    const values = 1 + below(5, random)
    return {
      simulate: () => {
        const elements = new Set<number>()
        return {
          apply: ({ f, value }) => {
            if (f === 'read') return [...elements].sort()
            if (f === 'contains') return elements.has(Number(value))
            if (f === 'add') elements.add(Number(value))
            else elements.delete(Number(value))
            return value
          },
        }
      },
      ask: (r) => {
        if (r() < 0.45) return { f: 'read', value: null }
        const f = isGrowOnly ? 'add' : pick(['add', 'add', 'remove', 'contains'], r)
        return { f, value: below(values, r) }
      },
      mutate: (output, { f }, r) => {
        if (f === 'contains') return !output
        if (!Array.isArray(output)) return output
        const value = below(values + 1, r)
        return output.includes(value) ? output.filter((each) => each !== value) : [...output, value].sort()
      },
    }
  },
  queue: (random) => queueKind(random, (messages) => messages.shift()),
  bag: (random) => queueKind(random, (messages, r) => messages.splice(below(messages.length, r), 1)[0]),
  lock: (random, isFaithful = false) => {
    const hasTokens = random() < 0.4
    // A lock whose leases sometimes expire.
    const expires = !isFaithful && random() < 0.5 ? 0.3 : 0
    return {
      simulate: () => {
        let holder: number | undefined
        let token = 0
        return {
          apply: ({ f }, process) => {
            if (f === 'acquire') {
              if (holder !== undefined && random() >= expires) return undefined
              holder = process
              token += 1
              return hasTokens ? token : null
            }
            if (holder !== process && random() >= expires) return undefined
            holder = undefined
            return null
          },
        }
      },
      ask: (r) => ({ f: pick(['acquire', 'release'], r), value: null }),
      mutate: (output, _, r) => (typeof output === 'number' ? Math.max(0, output + pick([-1, 1], r)) : output),
    }
  },
  'list-append': (random) => {
    const values = random() < 0.6 ? 0 : 2
    let next = 1
    return {
      simulate: () => {
        const list: Json[] = []
        return {
          apply: ({ f, value }) => {
            if (f === 'read') return [...list]
            list.push(value)
            return value
          },
        }
      },
      ask: (r) =>
        r() < 0.5 ? { f: 'read', value: null } : { f: 'append', value: values === 0 ? next++ : 1 + below(values, r) },
      mutate: (output, { f }, r) => {
        if (f !== 'read' || !Array.isArray(output)) return output
        if (output.length === 0) return [1]
        return output.length > 1 && r() < 0.4 ? output.toReversed() : output.slice(0, -1)
      },
    }
  },
  'dense-log': () => {
    let next = 100
    return {
      simulate: () => {
        const entries: Json[] = []
        return {
          apply: ({ f, value }) => {
            if (f === 'append') return [entries.push(value) - 1, value]
            const { offset = 0, limit = Number.POSITIVE_INFINITY } = (value ?? {}) as {
              offset?: number
              limit?: number
            }
            return entries.slice(offset, offset + limit)
          },
        }
      },
      ask: (r) => {
        if (r() < 0.5) return { f: 'append', value: next++ }
        const limit = r() < 0.3 ? { limit: below(3, r) } : {}
        return { f: 'read', value: r() < 0.3 ? null : { offset: below(3, r), ...limit } }
      },
      mutate: (output, { f }, r) => {
        if (!Array.isArray(output)) return output
        if (f === 'append') return [Math.max(0, Number(output[0]) + pick([-1, 1], r)), output[1]!]
        return output.slice(0, -1)
      },
    }
  },
  log: (random) => {
    let next = 100
    const arePairs = random() < 0.4
    const gaps = random() < 0.5 ? 1 : 2
    const begin = below(3, random)
    return {
      simulate: () => {
        const entries: [number, Json][] = []
        return {
          apply: ({ f, value }) => {
            if (f === 'append') {
              const last = entries.at(-1)?.[0]
              const offset = last === undefined ? begin : last + 1 + below(gaps, random)
              entries.push([offset, value])
              return random() < 0.8 ? [offset, value] : null
            }
            const { offset = 0, limit = Number.POSITIVE_INFINITY } = (value ?? {}) as {
              offset?: number
              limit?: number
            }
            const there = entries.filter(([at]) => at >= offset).slice(0, limit)
            return arePairs ? there : there.map(([, each]) => each)
          },
        }
      },
      ask: (r) => {
        if (r() < 0.5) return { f: 'append', value: next++ }
        const limit = r() < 0.3 ? { limit: below(3, r) } : {}
        return { f: 'read', value: r() < 0.3 ? null : { offset: below(5, r), ...limit } }
      },
      mutate: (output, { f }, r) => {
        if (!Array.isArray(output)) return output
        if (f === 'append') return [Math.max(0, Number(output[0]) + pick([-1, 1], r)), output[1]!]
        return r() < 0.3 ? output.toReversed() : output.slice(0, -1)
      },
    }
  },
  bank: () => ({
    simulate: () => {
      const balances: { [account: string]: number } = { a: 3, b: 0 }
      const done = new Set<number>()
      return {
        apply: ({ f, value }) => {
          if (f === 'read') return { ...balances }
          const { from, to, amount, id } = value as { from: string; to: string; amount: number; id?: number }
          if (id !== undefined && done.has(id)) return value
          // A transfer from an account to itself moves nothing, so it needs no balance.
          if (from !== to && balances[from]! < amount) return undefined
          if (id !== undefined) done.add(id)
          balances[from]! -= amount
          balances[to]! += amount
          return value
        },
      }
    },
    ask: (r) => {
      if (r() < 0.5) return { f: 'read', value: null }
      const [from, to] = pick(
        [
          ['a', 'b'],
          ['b', 'a'],
          ['b', 'b'],
        ] as const,
        r,
      )
      const id = r() < 0.4 ? { id: below(2, r) } : {}
      return { f: 'transfer', value: { from, to, amount: 1 + below(2, r), ...id } }
    },
    mutate: (output, { f }, r) => {
      if (f !== 'read') return output
      const balances = output as { readonly a: number; readonly b: number }
      const step = pick([-1, 1], r)
      return r() < 0.5 ? { a: balances.a + step, b: balances.b - step } : { ...balances, a: balances.a + step }
    },
  }),
  'unique-ids': () => {
    let next = 1
    return {
      simulate: () => ({ apply: () => next++ }),
      ask: () => ({ f: 'generate', value: null }),
      mutate: (output) => Math.max(1, Number(output) - 1),
    }
  },
}

function queueKind(
  random: () => number,
  take: (messages: Json[], random: () => number) => Json | undefined,
): ObjectKind {
  const values = random() < 0.6 ? 0 : 1 + below(3, random)
  const mayFindNothing = random() < 0.6
  let next = 1
  return {
    simulate: () => {
      const messages: Json[] = []
      return {
        apply: ({ f, value }) => {
          if (f === 'enqueue') {
            messages.push(value)
            return value
          }
          if (messages.length === 0) return mayFindNothing ? null : undefined
          return take(messages, random)
        },
      }
    },
    ask: (r) =>
      r() < 0.5 ? { f: 'enqueue', value: values === 0 ? next++ : 1 + below(values, r) } : { f: 'dequeue', value: null },
    mutate: (output, { f }, r) => {
      if (f === 'enqueue') return output
      if (mayFindNothing && r() < 0.4) return null
      return Math.max(1, Number(output ?? 1) + pick([-1, 1, 2], r))
    },
  }
}
