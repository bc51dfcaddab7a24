import type { Completion, Input, Json } from '@chaosproxy/history'
import { millis } from '@chaosproxy/history'
import type { Effect, ProtocolDefinition, StateMachine } from '@chaosproxy/protocols'

// A register without a log: each request is a round of Paxos over the key's value (Rystsov, "CASPaxos", 2018, §2.2).
// Its bugs show only if acceptors or proposers restart between the two phases of another node's round.

const GIVE_UP_MS = 80

/** A round's ballot: its number, then its node, and the life of that node. */
type Ballot = readonly [round: number, node: string, life: number]
const NONE: Ballot = [0, '', 0]
const compare = (one: Ballot, other: Ballot): number =>
  one[0] - other[0] || (one[1] < other[1] ? -1 : one[1] > other[1] ? 1 : one[2] - other[2])

interface Cell {
  promised: Ballot
  accepted: Ballot
  value: Json
}

type Message =
  | { readonly type: 'prepare'; readonly key: string; readonly ballot: Ballot }
  | {
      readonly type: 'promise'
      readonly key: string
      readonly ballot: Ballot
      readonly accepted: Ballot
      readonly value: Json
    }
  | { readonly type: 'accept'; readonly key: string; readonly ballot: Ballot; readonly value: Json }
  | { readonly type: 'accepted'; readonly key: string; readonly ballot: Ballot }
  | { readonly type: 'behind'; readonly ballot: Ballot; readonly promised: Ballot }

type Record = { readonly kind: 'life' } | ({ readonly kind: 'cell'; readonly key: string } & Readonly<Cell>)

interface Round {
  readonly requestId: string
  readonly input: Input
  readonly ballot: Ballot
  readonly promises: Map<string, { readonly accepted: Ballot; readonly value: Json }>
  readonly acceptedBy: Set<string>
  outcome: Completion | undefined
}

interface State {
  readonly id: string
  readonly peers: readonly string[]
  readonly life: number
  readonly cells: Map<string, Cell>
  readonly rounds: Map<string, Round>
  last: number
}

type Effects = Effect<Message, Record>[]
const nameOf = (ballot: Ballot): string => ballot.join(' ')

function machineOf(bug: string | undefined): StateMachine<State, Message, Record> {
  function step(state: State, effects: Effects) {
    const all = [state.id, ...state.peers]
    const isMajority = (count: number): boolean => count > all.length / 2
    function send(to: string, message: Message): void {
      if (to === state.id) receive(to, message)
      else effects.push({ type: 'send', to, message })
    }
    const broadcast = (message: Message) => {
      for (const to of all) send(to, message)
    }
    function cellOf(key: string): Cell {
      const cell = state.cells.get(key) ?? { promised: NONE, accepted: NONE, value: null }
      state.cells.set(key, cell)
      return cell
    }
    const keep = (key: string, cell: Cell) => effects.push({ type: 'persist', record: { kind: 'cell', key, ...cell } })
    function end(round: Round, result: Completion): void {
      state.rounds.delete(nameOf(round.ballot))
      effects.push({ type: 'reply', requestId: round.requestId, result })
    }

    function request(requestId: string, input: Input): void {
      const ballot: Ballot = [++state.last, state.id, state.life]
      const round = { requestId, input, ballot, promises: new Map(), acceptedBy: new Set<string>(), outcome: undefined }
      state.rounds.set(nameOf(ballot), round)
      effects.push({ type: 'setTimer', timer: nameOf(ballot), afterMs: millis(GIVE_UP_MS) })
      broadcast({ type: 'prepare', key: input.key ?? '', ballot })
    }

    function propose(round: Round): void {
      const { input, ballot, promises } = round
      let [highest, value]: [Ballot, Json] = [NONE, null]
      for (const promise of promises.values())
        if (compare(promise.accepted, highest) > 0) [highest, value] = [promise.accepted, promise.value]
      let next = value
      if (input.f === 'write') next = input.value
      if (input.f === 'cas') {
        const [expected, wanted] = input.value as [Json, Json]
        round.outcome = value === expected ? { type: 'ok', value: input.value } : { type: 'fail', error: 'mismatch' }
        if (value === expected) next = wanted
      }
      round.outcome ??= { type: 'ok', value: next }
      broadcast({ type: 'accept', key: input.key ?? '', ballot, value: next })
    }

    function receive(from: string, message: Message): void {
      const { ballot } = message
      const round = state.rounds.get(nameOf(ballot))
      switch (message.type) {
        case 'prepare': {
          const cell = cellOf(message.key)
          if (compare(ballot, cell.promised) <= 0) {
            send(from, { type: 'behind', ballot, promised: cell.promised })
            return
          }
          cell.promised = ballot
          if (bug !== 'forget-promise') keep(message.key, cell)
          send(from, { type: 'promise', key: message.key, ballot, accepted: cell.accepted, value: cell.value })
          return
        }
        case 'promise':
          if (round === undefined || round.outcome !== undefined) return
          round.promises.set(from, message)
          if (isMajority(round.promises.size)) propose(round)
          return
        case 'accept': {
          const cell = cellOf(message.key)
          if (compare(ballot, cell.promised) < 0) {
            send(from, { type: 'behind', ballot, promised: cell.promised })
            return
          }
          cell.promised = ballot
          cell.accepted = ballot
          cell.value = message.value
          keep(message.key, cell)
          send(from, { type: 'accepted', key: message.key, ballot })
          return
        }
        case 'accepted':
          if (round?.outcome === undefined) return
          round.acceptedBy.add(from)
          if (isMajority(round.acceptedBy.size)) end(round, round.outcome)
          return
        case 'behind':
          state.last = Math.max(state.last, message.promised[0])
          // Before the second phase of a round, no node can have accepted its value, so the operation certainly has no
          // effect.
          if (round !== undefined && round.outcome === undefined) end(round, { type: 'fail', error: 'overtaken' })
      }
    }

    function giveUp(name: string): void {
      const round = state.rounds.get(name)
      if (round === undefined) return
      end(round, round.outcome ? { type: 'info', error: 'no majority' } : { type: 'fail', error: 'no majority' })
    }
    return { request, receive, giveUp }
  }

  return {
    start({ id, peers }, journal) {
      const cells = new Map<string, Cell>()
      let life = 1
      for (const record of journal)
        if (record.kind === 'life') life++
        else {
          const accepted = bug === 'forget-accepted-ballot' ? NONE : record.accepted
          cells.set(record.key, { promised: record.promised, accepted, value: record.value })
        }
      // Each start persists a `life` record, which increases the life number of the next start. Messages leave only
      // once the record is durable, so two lives of a node never use the same ballot.
      return {
        state: { id, peers, life, cells, rounds: new Map(), last: 0 },
        effects: [{ type: 'persist', record: { kind: 'life' } }],
      }
    },
    step(state, event) {
      const effects: Effects = []
      const { request, receive, giveUp } = step(state, effects)
      if (event.type === 'message') receive(event.from, event.message)
      else if (event.type === 'request') request(event.requestId, event.input)
      else giveUp(event.timer)
      return { state, effects }
    },
    status: () => ({ role: 'acceptor', leads: false, ready: true }),
  }
}

export const casPaxos: ProtocolDefinition = {
  name: 'cas-paxos',
  summary: 'a round of Paxos for each request',
  defaultNodes: 3,
  objects: ['register'],
  functions: ['read', 'write', 'cas'],
  promises: () => 'linearizable',
  settings: [],
  bugs: [
    { name: 'forget-promise', summary: 'promises are kept in memory only, until something is accepted' },
    { name: 'forget-accepted-ballot', summary: 'a restart keeps the value, and not in which round it was accepted' },
  ],
  create: ({ bug }) => machineOf(bug),
}
