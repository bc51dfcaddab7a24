/** The protocol of `chaos init protocol`: a register replicated by majorities, with a bug to switch on. */
export const PROTOCOL_FILE = 'protocol.ts'

export const EXAMPLE_PROTOCOL = `// A register kept by majorities (Attiya, Bar-Noy, Dolev: "Sharing memory robustly", 1995). The node that a client asks does
// the client's part: it asks a majority what they have, stores what it will answer at a majority, and only then answers.
//   npx chaos fuzz --protocol protocol.ts --time 5s                       finds nothing
//   npx chaos fuzz --protocol protocol.ts --bug no-write-back --time 20s  finds a read that goes back in time
import { defineMachine, type Input, type Millis, type ProtocolModule, type ProtocolOptions, type Turn } from 'chaosproxy'

const AGAIN_MS = 50 as Millis

type Copy = { counter: number; by: string; value: Input['value'] }
type Round = { input: Input; phase: 'ask' | 'store'; copy: Copy; heard: string[] }
type Majorities = {
  config: ProtocolOptions
  state: { id: string; peers: readonly string[]; copies: Map<string, Copy>; rounds: Map<string, Round> }
  message: { type: 'ask' | 'told' | 'store' | 'stored'; id: string; key: string; copy: Copy }
  record: { key: string; copy: Copy }
  timer: \`again \${string}\`
}
type Step = Turn<Majorities>

const NOTHING: Copy = { counter: 0, by: '', value: null }
const isNewer = (one: Copy, other: Copy) => one.counter > other.counter || (one.counter === other.counter && one.by > other.by)
const copyOf = ({ state }: Step, key: string) => state.copies.get(key) ?? NOTHING

function ask(turn: Step, id: string) {
  const round = turn.state.rounds.get(id)
  if (round === undefined) return
  turn.setTimer(\`again \${id}\`, AGAIN_MS) // Messages may be lost: then ask again who has not answered.
  const { input: { key = '' }, phase, copy } = round
  for (const to of [turn.state.id, ...turn.state.peers]) if (!round.heard.includes(to)) turn.send(to, { type: phase, id, key, copy })
}

function hear(turn: Step, { type, id, copy }: Majorities['message'], from: string) {
  const { rounds, peers } = turn.state
  const round = rounds.get(id)
  if (round === undefined || type !== (round.phase === 'ask' ? 'told' : 'stored') || round.heard.includes(from)) return
  round.heard.push(from)
  if (isNewer(copy, round.copy)) round.copy = copy
  if (round.heard.length <= (peers.length + 1) / 2) return
  const { f, value } = round.input
  if (round.phase === 'ask' && (f === 'write' || turn.config.bug !== 'no-write-back')) {
    const next = f === 'read' ? round.copy : { counter: round.copy.counter + 1, by: \`\${turn.state.id} \${id}\`, value }
    rounds.set(id, { input: round.input, phase: 'store', copy: next, heard: [] })
    ask(turn, id)
  } else if (rounds.delete(id)) turn.reply(id, { type: 'ok', value: round.copy.value })
}

// One handler per message and timer. Keep what a node remembers in its state. Take the time from turn.now and
// turn.steady, and randomness from the seed given to initial: then runs are repeatable.
const create = defineMachine<Majorities>({
  initial: ({ id, peers }) => ({ id, peers, copies: new Map(), rounds: new Map() }),
  redo: ({ state }, { key, copy }) => state.copies.set(key, copy), // Each record that was durable when the node died, in order.
  request(turn, { requestId, input }) {
    turn.state.rounds.set(requestId, { input, phase: 'ask', copy: NOTHING, heard: [] })
    ask(turn, requestId)
  },
  messages: {
    ask: (turn, { id, key }, from) => turn.send(from, { type: 'told', id, key, copy: copyOf(turn, key) }),
    store(turn, { id, key, copy }, from) {
      if (isNewer(copy, copyOf(turn, key))) {
        turn.state.copies.set(key, copy)
        turn.persist({ key, copy }) // Whatever follows waits until this is on disk.
      }
      turn.send(from, { type: 'stored', id, key, copy })
    },
    told: hear,
    stored: hear,
  },
  timers: { again: ask },
  status: () => ({ role: 'replica', leads: false, ready: true }),
})

export default {
  name: 'majorities',
  promises: 'linearizable', // What every history is held to; 'none' leaves only the invariants.
  functions: ['read', 'write'],
  bugs: [{ name: 'no-write-back', summary: 'a read answers what perhaps a single node has' }],
  create,
  // Called after every step, with the node's state and every record on its disk; event is absent for a start.
  invariants: [
    {
      name: 'remembers',
      summary: 'a node starts with what is on its disk',
      watch: () => () => (state, event, durable) =>
        !event && (state as Majorities['state']).copies.size < new Set((durable as Majorities['record'][]).map(({ key }) => key)).size ? 'it forgot a copy' : undefined,
    },
  ],
} satisfies ProtocolModule
`
