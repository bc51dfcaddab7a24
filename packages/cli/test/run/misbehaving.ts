/** A protocol file with an error, and the message that its author must see. */
export interface Misbehaving {
  readonly name: string
  readonly source: string
  readonly says: RegExp
  /** Whether chaos cannot use the file at all. Chaos then prints the message before it runs anything. */
  readonly unusable?: true
  /** Whether the code never returns, so that only another thread can detect it. */
  readonly endless?: true
  /** Whether the protocol fails only in the simulator, and not on real processes. */
  readonly simulatedOnly?: true
}

interface Parts {
  /** Outside everything. */
  readonly top?: string
  /** Statements within `start`. They can use `node`, `journal`, `now` and a `state`. */
  readonly start?: string
  /**
   * Statements that `step` executes for each request while the node has received exactly three writes. They can use
   * `state`, `event`, `now`, `requestId` and `effects`.
   */
  readonly step?: string
  /** Statements that `step` executes for each message. */
  readonly message?: string
  readonly status?: string
  readonly members?: string
}

/**
 * n1 stores all values, and refuses every cas. The other nodes refuse every request. At each request, a node sends a
 * greeting to all other nodes. There is no leader.
 */
const protocol = ({
  top = '',
  start = '',
  step = '',
  message = '',
  status = '',
  members = '',
}: Parts): string => `${top}
export default {
  name: 'mine',
  promises: 'linearizable',
  ${members}
  create: () => ({
    start(node, journal, now) {
      const state = { id: node.id, peers: node.peers, writes: 0, values: Object.fromEntries(journal) }
      ${start}
      return { state, effects: [] }
    },
    step(state, event, now) {
      const effects = []
      if (event.type === 'message') { ${message} }
      if (event.type === 'timer') effects.push({ type: 'setTimer', timer: event.timer, afterMs: 0 })
      if (event.type === 'request') {
        const { requestId, input } = event
        const reply = (result) => effects.push({ type: 'reply', requestId, result })
        if (input.f === 'write') state.writes++
        if (state.writes === 3) { ${step} }
        for (const to of state.peers) effects.push({ type: 'send', to, message: { hello: [state.id] } })
        if (state.id !== 'n1' || input.f === 'cas') reply({ type: 'fail', error: 'unavailable' })
        else if (input.f === 'read') reply({ type: 'ok', value: state.values[input.key] ?? null })
        else {
          state.values[input.key] = input.value
          effects.push({ type: 'persist', record: [input.key, input.value] })
          reply({ type: 'ok', value: input.value })
        }
      }
      return { state, effects }
    },
    status(state) {
      ${status}
      return { role: 'copy', leads: false, ready: true }
    },
  }),
}
`

const request = /on \{"type":"request"/
const inRequest = (what: RegExp): RegExp => new RegExp(`${what.source}.*${request.source}`)

/** A protocol that fails in `step`: its title, the code, and the expected message. */
const inStep = (name: string, step: string, what: RegExp): Misbehaving => ({
  name,
  source: protocol({ step }),
  says: inRequest(what),
})

const unusable = (name: string, source: string, says: RegExp): Misbehaving => ({ name, source, says, unusable: true })

const sending = (name: string, message: string, what: RegExp): Misbehaving => ({
  name: `sends ${name}`,
  source: protocol({ step: `effects.push({ type: 'send', to: state.peers[0], message: ${message} })` }),
  says: new RegExp(`${inRequest(/sent n\d a message that JSON cannot carry/).source}.*: ${what.source}`),
})

export const misbehaving: readonly Misbehaving[] = [
  // Steps that throw, or that return something other than a state and effects.
  inStep('throws', 'throw new Error("oh no")', /n\d threw/),
  inStep('reads a member of nothing', 'state.nothing.at', /threw/),
  inStep('throws what is no error', 'throw { code: 7 }', /threw/),
  inStep('recurses without an end', 'const f = () => f() + 1; f()', /threw/),
  inStep('returns a promise', 'return Promise.resolve({ state, effects })', /returned a promise/),
  inStep('returns a promise that is rejected', 'return Promise.reject(new Error("late"))', /returned a promise/),
  inStep('returns undefined', 'return', /returned undefined/),
  inStep('returns null', 'return null', /returned null/),
  inStep('returns no state', 'return { effects }', /returned no "state"/),
  inStep('returns no effects', 'return { state }', /returned the effects undefined/),
  inStep('returns effects that are no list', 'return { state, effects: new Set() }', /returned the effects \{\}/),
  // Effects.
  inStep('asks for nothing', 'effects.push(null)', /asked for null, which is not an effect/),
  inStep('asks for an unknown effect', 'effects.push({ type: "explode" })', /asked for \{"type":"explode"\}/),
  inStep('sends to somebody unknown', 'effects.push({ type: "send", to: "n9", message: 1 })', /sent to "n9"/),
  inStep('sends to nobody', 'effects.push({ type: "send", message: 1 })', /asked for "send" with to undefined/),
  inStep('sends to itself', 'effects.push({ type: "send", to: state.id, message: 1 })', /sent a message to itself/),
  inStep('replies without a result', 'effects.push({ type: "reply", requestId })', /replied with the result undefined/),
  inStep('replies null', 'effects.push({ type: "reply", requestId, result: null })', /replied with the result null/),
  inStep(
    'replies "ok" without a value',
    'effects.push({ type: "reply", requestId, result: { type: "ok" } })',
    /replied with a result that is "ok" and has no "value"/,
  ),
  inStep(
    'fails for no reason in words',
    'effects.push({ type: "reply", requestId, result: { type: "fail", error: 7 } })',
    /replied with a result that is "fail" with the error 7/,
  ),
  inStep(
    'replies to a request that it never got',
    'effects.push({ type: "reply", requestId: "nonsense", result: { type: "ok", value: 1 } })',
    /replied to "nonsense"/,
  ),
  inStep(
    'replies twice',
    'effects.push({ type: "reply", requestId, result: { type: "ok", value: 1 } })',
    /replied a second time/,
  ),
  inStep(
    'sets a timer that never rings',
    'effects.push({ type: "setTimer", timer: "t", afterMs: NaN })',
    /set the timer "t" to ring after NaN ms/,
  ),
  // What JSON cannot carry.
  sending('undefined members', '{ a: { b: undefined } }', /message\.a\.b is undefined/),
  sending('NaN', '[0 / 0]', /message\[0\] is NaN/),
  sending('a BigInt', '{ n: 1n }', /message\.n is a BigInt/),
  sending('a Map', '{ all: new Map() }', /message\.all is a Map/),
  sending('a Date', '{ at: new Date(0) }', /message\.at is a Date/),
  sending('a function', '{ then2: () => 1 }', /message\.then2 is a function/),
  sending('a cycle', '(() => { const m = {}; m.self = m; return m })()', /message\.self contains itself/),
  sending('nothing', 'undefined', /message is undefined/),
  inStep(
    'sends 50 MB',
    'effects.push({ type: "send", to: state.peers[0], message: "x".repeat(50e6) })',
    /sent n\d a message of 50,000,000 characters of JSON/,
  ),
  inStep(
    'persists a Map',
    'effects.push({ type: "persist", record: { all: new Map() } })',
    /persisted a record that JSON cannot carry/,
  ),
  // The event.
  inStep('changes its event', 'input.value = 8', /changed the event that it was given/),
  {
    name: 'changes a message',
    source: protocol({ message: 'event.message.hello.push(state.id)' }),
    says: /changed the event that it was given on \{"type":"message"/,
  },
  // The protocols below fail in a function other than `step`.
  {
    name: 'throws in its start',
    source: protocol({ start: 'throw new Error("no start")' }),
    says: /n\d threw on its start: no start/,
  },
  {
    name: 'starts with a promise',
    source: protocol({ start: 'return Promise.resolve()' }),
    says: /returned a promise on its start/,
  },
  {
    name: 'throws in its status',
    source: protocol({ status: 'if (state.writes === 3) throw new Error("no status")' }),
    says: /threw from "status" on \{.*: no status/,
  },
  {
    name: 'has no status',
    source: protocol({ status: 'if (state.writes === 3) return undefined' }),
    says: /returned undefined from "status" on/,
  },
  {
    name: 'leaves a rejected promise behind',
    source: protocol({ step: 'Promise.reject(new Error("left alone"))' }),
    says: /threw outside its steps.*left alone/,
    endless: true,
  },
  // What never ends.
  {
    name: 'never returns',
    source: protocol({ step: 'for (;;);' }),
    says: /does not return from its step: .*"type":"request"/,
    endless: true,
  },
  {
    name: 'never returns from its start',
    source: protocol({ start: 'for (;;);' }),
    says: /does not return from its step: n\d on its start/,
    endless: true,
  },
  {
    name: 'takes all memory',
    source: protocol({ step: 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))' }),
    says: /takes more memory than there is/,
    endless: true,
  },
  {
    name: 'floods',
    source: protocol({ step: 'effects.push({ type: "setTimer", timer: "again", afterMs: 0 })' }),
    says: /does not end: .*; the last one was n\d on \{"type":"timer"/,
    endless: true,
    simulatedOnly: true,
  },
  {
    name: 'draws lots',
    source: protocol({ step: 'Math.random()' }),
    says: /threw on \{"type":"request".*calls Math\.random\(\), so no run can be repeated/,
    simulatedOnly: true,
  },
  {
    name: 'ends the process in a step',
    source: protocol({ step: 'process.exit(1)' }),
    says: /threw on \{"type":"request".*calls process\.exit\(\), which would end chaos itself/,
    simulatedOnly: true,
  },
  // The file.
  unusable('does not parse', 'export default {', /mine\.mjs does not run/),
  unusable('throws when it is loaded', 'throw new Error("not today")', /mine\.mjs does not run: not today/),
  unusable(
    'awaits what never settles',
    protocol({ top: 'await new Promise(() => {})' }),
    /awaits something at its top level that never settles/,
  ),
  unusable('ends the process', protocol({ top: 'process.exit(0)' }), /calls process\.exit\(0\) while it is loaded/),
  unusable('exports no protocol', 'export const name = "mine"', /default export must be/),
  unusable('has no name', 'export default { create: () => ({}) }', /"name" is not a string/),
  unusable(
    'creates nothing',
    'export default { name: "mine", create() {} }',
    /the object that "create" returns has no function "start"/,
  ),
  unusable(
    'creates later',
    'export default { name: "mine", async create() {} }',
    /the object that "create" returns has no function "start"/,
  ),
  unusable(
    'throws when it creates',
    'export default { name: "mine", create() { throw new Error("no") } }',
    /"create" threw: no/,
  ),
  unusable(
    'has a setting without a default',
    protocol({ members: 'settings: [{ name: "k" }],' }),
    /the setting "k" has no "default"/,
  ),
]
