import type { Completion, Input, Json } from '@chaosproxy/history'
import { millis } from '@chaosproxy/history'
import type { Effect, ProtocolDefinition, StateMachine } from '@chaosproxy/protocols'

// A register whose reads need no messages: the node with a lease from a majority answers them alone (Gray & Cheriton,
// "Leases", 1989). Its bugs show only if a timer, restart or answer of one node happens within a few milliseconds of
// such an event on another node.

/** One write of a key. Versions are ordered by epoch, then by number. */
interface Version {
  readonly epoch: number
  readonly n: number
  readonly value: Json
}

type Copy = { readonly [key: string]: Version }

type Message =
  | { readonly type: 'ask'; readonly epoch: number; readonly round: number }
  | { readonly type: 'granted'; readonly epoch: number; readonly round: number; readonly copy: Copy }
  | { readonly type: 'store'; readonly key: string; readonly version: Version }
  | { readonly type: 'stored'; readonly epoch: number; readonly n: number }

type Record =
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'version'; readonly key: string; readonly version: Version }

/** A write that waits for a majority. */
interface Pending {
  readonly key: string
  readonly value: Json
  readonly requestId: string | undefined
  readonly by: Set<string>
}

interface Holding {
  readonly epoch: number
  /** By number of the round: when the node asked for the lease, and which nodes have granted it. */
  readonly asked: Map<number, { readonly at: number; readonly by: Set<string> }>
  adopted: boolean
  until: number
  n: number
  /** By key: the number and the value of the last write that a majority has. */
  readonly committed: Map<string, { readonly n: number; readonly value: Json }>
  readonly latest: Map<string, Json>
  readonly pending: Map<number, Pending>
}

interface State {
  readonly id: string
  readonly peers: readonly string[]
  readonly copy: Map<string, Version>
  epoch: number
  grant: { readonly to: string; readonly until: number } | undefined
  /** The time of the first step of this life, by the monotonic clock. */
  since: number | undefined
  holding: Holding | undefined
  round: number
  ticks: number
}

type Effects = Effect<Message, Record>[]

interface Options {
  readonly bug: string | undefined
  /** The largest ratio of two clock rates. A holder uses a lease for only `leaseMs / drift`. */
  readonly drift: number
  readonly leaseMs: number
  readonly tickMs: number
}

function machineOf({ bug, drift, leaseMs, tickMs }: Options): StateMachine<State, Message, Record> {
  function step(state: State, effects: Effects, steady: number) {
    const all = [state.id, ...state.peers].sort()
    const isMajority = (by: ReadonlySet<string>): boolean => by.size > all.length / 2
    const newer = (one: Version, other: Version | undefined): boolean =>
      other === undefined || one.epoch > other.epoch || (one.epoch === other.epoch && one.n > other.n)

    function send(to: string, message: Message): void {
      if (to === state.id) receive(to, message)
      else effects.push({ type: 'send', to, message })
    }
    const broadcast = (message: Message) => {
      for (const to of all) send(to, message)
    }
    const observe = (epoch: number): void => {
      if (epoch <= state.epoch) return
      state.epoch = epoch
      if (bug !== 'forget-epoch') effects.push({ type: 'persist', record: { kind: 'epoch', epoch } })
    }

    function ask(holding: Holding): void {
      const round = ++state.round
      holding.asked.set(round, { at: steady, by: new Set() })
      if (holding.asked.size > 8) holding.asked.delete(round - 8)
      broadcast({ type: 'ask', epoch: holding.epoch, round })
    }

    function tick(): void {
      state.ticks++
      const { holding, grant } = state
      if (holding !== undefined && holding.epoch === state.epoch && (steady < holding.until || !holding.adopted)) {
        if (steady > holding.until - leaseMs / 2 || !holding.adopted) ask(holding)
        if (!holding.adopted && state.ticks % 5 === 0) state.holding = undefined
        // Sends pending writes again, because messages may have been lost. A node that is still adopting versions
        // serves no client.
        if (state.ticks % 5 === 0)
          for (const [n, { key, value }] of [...holding.pending])
            broadcast({ type: 'store', key, version: { epoch: holding.epoch, n, value } })
      } else if (grant === undefined || grant.until <= steady) {
        const rank = all.indexOf(state.id)
        // Candidates take turns, so that they seldom compete.
        if (state.ticks % all.length !== rank) return
        const epoch = (Math.floor(state.epoch / all.length) + 1) * all.length + rank
        state.holding = {
          ...{ epoch, asked: new Map(), adopted: false, until: 0, n: 0 },
          ...{ committed: new Map(), latest: new Map(), pending: new Map() },
        }
        ask(state.holding)
      }
    }

    function write(holding: Holding, key: string, value: Json, requestId: string | undefined): void {
      const n = ++holding.n
      holding.latest.set(key, value)
      holding.pending.set(n, { key, value, requestId, by: new Set() })
      broadcast({ type: 'store', key, version: { epoch: holding.epoch, n, value } })
    }

    function granted(from: string, { round, copy }: Extract<Message, { type: 'granted' }>, holding: Holding): void {
      const asked = holding.asked.get(round)
      if (asked === undefined) return
      for (const [key, version] of Object.entries(copy))
        if (newer(version, state.copy.get(key))) state.copy.set(key, version)
      const before = isMajority(asked.by)
      asked.by.add(from)
      if (before || !isMajority(asked.by)) return
      // The lease counts from the request, because the grantors begin to count after the request was sent.
      const from0 = bug === 'late-answer' ? steady : asked.at
      holding.until = Math.max(holding.until, from0 + leaseMs / drift)
      if (holding.adopted) return
      holding.adopted = true
      for (const [key, { value }] of [...state.copy]) write(holding, key, value, undefined)
    }

    function receive(from: string, message: Message): void {
      const { holding } = state
      switch (message.type) {
        case 'ask': {
          const { epoch, round } = message
          // Before it restarted, this node may have granted a lease that another node still holds.
          if (bug !== 'forget-grant' && steady < (state.since ?? steady) + leaseMs) return
          if (epoch < state.epoch || (state.grant && state.grant.to !== from && state.grant.until > steady)) return
          observe(epoch)
          state.grant = { to: from, until: steady + leaseMs }
          send(from, { type: 'granted', epoch, round, copy: Object.fromEntries(state.copy) })
          return
        }
        case 'granted':
          if (holding?.epoch === message.epoch) granted(from, message, holding)
          return
        case 'store': {
          const { key, version } = message
          if (version.epoch < state.epoch) return
          observe(version.epoch)
          if (newer(version, state.copy.get(key))) {
            state.copy.set(key, version)
            effects.push({ type: 'persist', record: { kind: 'version', key, version } })
          }
          send(from, { type: 'stored', epoch: version.epoch, n: version.n })
          return
        }
        case 'stored': {
          const pending = holding?.epoch === message.epoch ? holding.pending.get(message.n) : undefined
          if (holding === undefined || pending === undefined) return
          pending.by.add(from)
          if (!isMajority(pending.by)) return
          holding.pending.delete(message.n)
          // A later write of the same key may have reached a majority first.
          if ((holding.committed.get(pending.key)?.n ?? 0) < message.n)
            holding.committed.set(pending.key, { n: message.n, value: pending.value })
          if (pending.requestId !== undefined)
            effects.push({ type: 'reply', requestId: pending.requestId, result: { type: 'ok', value: pending.value } })
        }
      }
    }

    function request(requestId: string, { f, key = '', value }: Input): void {
      const reply = (result: Completion) => effects.push({ type: 'reply', requestId, result })
      const { holding } = state
      const adopting = holding !== undefined && [...holding.pending.values()].some((one) => one.requestId === undefined)
      if (!holding?.adopted || adopting || steady >= holding.until) {
        reply({ type: 'fail', error: 'this node holds no lease' })
        return
      }
      if (f === 'read') {
        reply({ type: 'ok', value: holding.committed.get(key)?.value ?? null })
        return
      }
      const [expected, next] = f === 'cas' ? (value as [Json, Json]) : [undefined, value]
      if (f === 'cas' && (holding.latest.get(key) ?? null) !== expected) reply({ type: 'fail', error: 'mismatch' })
      else write(holding, key, next, requestId)
    }
    return { tick, receive, request }
  }

  const toTick = { type: 'setTimer', timer: 'tick', afterMs: millis(tickMs) } as const

  return {
    start: ({ id, peers }, journal) => {
      const copy = new Map<string, Version>()
      let epoch = 0
      for (const record of journal) {
        if (record.kind === 'version') copy.set(record.key, record.version)
        epoch = Math.max(
          epoch,
          record.kind === 'epoch' ? record.epoch : bug === 'forget-epoch' ? 0 : record.version.epoch,
        )
      }
      const state = {
        id,
        peers,
        copy,
        epoch,
        grant: undefined,
        since: undefined,
        holding: undefined,
        round: 0,
        ticks: 0,
      }
      return { state, effects: [toTick] }
    },
    step(state, event, _now, steady) {
      state.since ??= steady
      const effects: Effects = []
      const { tick, receive, request } = step(state, effects, steady)
      if (event.type === 'message') receive(event.from, event.message)
      else if (event.type === 'request') request(event.requestId, event.input)
      else {
        tick()
        effects.push(toTick)
      }
      return { state, effects }
    },
    status: ({ holding }) => {
      const leads = holding?.adopted === true
      return { role: leads ? 'holder' : 'grantor', leads }
    },
  }
}

const withLeases = (name: string, leaseMs: number, tickMs: number): ProtocolDefinition => ({
  name,
  summary: 'reads under a lease of a majority',
  defaultNodes: 3,
  objects: ['register'],
  functions: ['read', 'write', 'cas'],
  promises: () => 'linearizable',
  clocks: { drift: 1.25 },
  settings: [{ name: 'drift', summary: 'how much faster one clock may run than another', default: 1.25 }],
  bugs: [
    { name: 'forget-grant', summary: 'a restarted node grants at once, whatever it granted before' },
    { name: 'late-answer', summary: 'a lease is counted from the answer, not from the request' },
    { name: 'forget-epoch', summary: 'epochs are kept in memory only' },
  ],
  create: ({ bug, settings }) => machineOf({ bug, drift: Number(settings['drift'] ?? 1.25), leaseMs, tickMs }),
})

export const leasedRegister: ProtocolDefinition = withLeases('leased-register', 60, 10)
/** The same protocol with a lease of a second instead of 60 ms. */
export const slowlyLeasedRegister: ProtocolDefinition = withLeases('slowly-leased-register', 1_000, 80)
