/**
 * The protocol that `chaos init protocol` writes: a register kept by majorities, whole and right, with one mistake to
 * switch on.
 */
export const PROTOCOL_FILE = 'protocol.ts'

export const EXAMPLE_PROTOCOL = `// A register kept by majorities (Attiya, Bar-Noy, Dolev: "Sharing memory robustly", 1995). The node that a client asks does
// the client's part: it asks a majority what they have, stores what it will answer at a majority, and only then answers.
//   npx chaos fuzz --protocol protocol.ts --time 5s                       finds nothing
//   npx chaos fuzz --protocol protocol.ts --bug no-write-back --time 20s  finds a read that goes back in time
import type { Effect, Input, Millis, ProtocolModule, StateMachine } from 'chaosproxy'

const AGAIN_MS = 50 as Millis

type Copy = { counter: number; by: string; value: Input['value'] }
type Message = { type: 'ask' | 'told' | 'store' | 'stored'; id: string; key: string; copy: Copy }
type Stored = { key: string; copy: Copy }
type Round = { input: Input; phase: 'ask' | 'store'; copy: Copy; heard: string[] }
type State = { id: string; peers: readonly string[]; copies: Map<string, Copy>; rounds: Map<string, Round> }

const NOTHING: Copy = { counter: 0, by: '', value: null }
const isNewer = (one: Copy, other: Copy) => one.counter > other.counter || (one.counter === other.counter && one.by > other.by)

// One machine serves all nodes of a run: what a node remembers belongs in its state, and nowhere else.
const machineOf = (bug?: string): StateMachine<State, Message, Stored> => ({
  // The journal has every record that was durable when the node died; everything else is gone.
  start: ({ id, peers }, journal) => ({
    state: { id, peers, copies: new Map(journal.map(({ key, copy }) => [key, copy])), rounds: new Map() },
    effects: [],
  }),
  // One event at a time. Time comes in as arguments (now, steady), chance from the seed given to start: so a run repeats.
  step(state, event) {
    const effects: Effect<Message, Stored>[] = []
    const send = (to: string, message: Message) => (to === state.id ? receive(to, message) : effects.push({ type: 'send', to, message }))
    const ask = (id: string, { input: { key = '' }, phase, copy, heard }: Round) => {
      effects.push({ type: 'setTimer', timer: id, afterMs: AGAIN_MS }) // Messages may be lost: then ask again who has not answered.
      for (const to of [state.id, ...state.peers]) if (!heard.includes(to)) send(to, { type: phase, id, key, copy })
    }
    const receive = (from: string, { type, id, key, copy }: Message) => {
      const own = state.copies.get(key) ?? NOTHING
      if (type === 'ask') send(from, { type: 'told', id, key, copy: own })
      if (type === 'store' && isNewer(copy, own)) {
        state.copies.set(key, copy)
        effects.push({ type: 'persist', record: { key, copy } }) // Whatever follows waits until this is on disk.
      }
      if (type === 'store') send(from, { type: 'stored', id, key, copy })
      const round = state.rounds.get(id)
      if (round === undefined || type !== (round.phase === 'ask' ? 'told' : 'stored') || round.heard.includes(from)) return
      round.heard.push(from)
      if (isNewer(copy, round.copy)) round.copy = copy
      if (round.heard.length <= (state.peers.length + 1) / 2) return
      const { f, value } = round.input
      if (round.phase === 'ask' && (f === 'write' || bug !== 'no-write-back')) {
        const next = f === 'read' ? round.copy : { counter: round.copy.counter + 1, by: \`\${state.id} \${id}\`, value }
        state.rounds.set(id, { input: round.input, phase: 'store', copy: next, heard: [] })
        ask(id, state.rounds.get(id) as Round)
      } else if (state.rounds.delete(id))
        effects.push({ type: 'reply', requestId: id, result: { type: 'ok', value: round.copy.value } })
    }
    const id = event.type === 'request' ? event.requestId : event.type === 'timer' ? event.timer : ''
    if (event.type === 'message') receive(event.from, event.message)
    if (event.type === 'request') state.rounds.set(id, { input: event.input, phase: 'ask', copy: NOTHING, heard: [] })
    const round = state.rounds.get(id)
    if (round !== undefined) ask(id, round)
    return { state, effects }
  },
  status: () => ({ role: 'replica', leads: false, ready: true }),
})

export default {
  name: 'majorities',
  promises: 'linearizable', // What every history is held to; 'none' leaves only the invariants.
  functions: ['read', 'write'],
  bugs: [{ name: 'no-write-back', summary: 'a read answers what perhaps a single node has' }],
  create: ({ bug }) => machineOf(bug),
  // Called after every step with the node's state and every record on its disk; event is absent for a start.
  invariants: [
    {
      name: 'remembers',
      summary: 'a node starts with what is on its disk',
      watch: () => () => (state, event, durable) =>
        !event && (state as State).copies.size < new Set((durable as Stored[]).map(({ key }) => key)).size ? 'it forgot a copy' : undefined,
    },
  ],
} satisfies ProtocolModule
`
