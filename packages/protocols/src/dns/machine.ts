import { millis } from '@chaosproxy/history'
import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { ok, UNKEYED, unavailable, valueIn } from '../objects/object.ts'
import { createForwarding, issueTicket } from '../routing/forwarding.ts'
import { askAgain, resolve, resolverMessages } from './resolver.ts'
import type { Dns, DnsTurn } from './state.ts'
import { authoritative, oweAnswers, refresh, update, zoneMessages } from './zone.ts'

/**
 * A zone and its caches, after Mockapetris, RFC 1034 and 1035. The first node is the primary, which performs updates;
 * the next nodes are secondaries, which copy its zone; the others are resolvers, which cache answers. Reads are stale
 * by at most a refresh interval and a time to live while the primary can be reached, otherwise by at most the expiry of
 * the zone and a time to live.
 */
export const createDns: MachineMaker<Dns> = defineMachine<Dns>({
  initial({ id, peers, seed }, config) {
    const { object, firstSerial } = config
    const [primary, ...others] = inOrder(id, peers)
    const secondaries = others.slice(0, config.secondaries)
    const role = id === primary ? 'primary' : secondaries.includes(id) ? 'secondary' : 'resolver'
    const zone = role === 'primary' ? { serial: firstSerial, held: object.initial() } : undefined
    return {
      id,
      role,
      primary,
      secondaries,
      resolvers: others.slice(config.secondaries),
      forwarding: createForwarding(seed),
      zone,
      heardAt: millis(0),
      current: new Set(),
      owes: false,
      cache: new Map(),
      questions: new Map(),
      questionsAsked: 0,
      flushed: new Map(),
      late: undefined,
    }
  },
  redo({ state: { zone }, config }, { input, serial }) {
    if (zone === undefined) return
    config.object.apply(zone.held, input)
    zone.serial = serial
  },
  begin(turn, journal) {
    const { role } = turn.state
    if (role === 'primary') {
      if (journal.length > 0) oweAnswers(turn)
    } else turn.setTimer('again', intervalOf(turn))
    if (role === 'secondary') refresh(turn)
  },
  request: supported((turn, requestId, command) => {
    const { state, config } = turn
    const { input } = command
    const { key: name = UNKEYED } = input
    if (!config.object.reads.includes(input.f)) {
      if (state.role === 'primary') turn.reply(requestId, update(turn, command))
      else turn.send(state.primary, { type: 'update', requestId, command, ticket: issueTicket(state.forwarding) })
    } else if (state.role === 'resolver') resolve(turn, requestId, name)
    else {
      const answer = authoritative(turn, name)
      turn.reply(requestId, answer === undefined ? unavailable : ok(answer.value))
    }
  }),
  messages: {
    ...resolverMessages,
    updated: (turn, message) => turn.reply(message.requestId, message.result),
    notify: refresh,
    ...zoneMessages,
  },
  timers: {
    settled({ state }) {
      state.owes = state.current.size < state.secondaries.length
    },
    again(turn) {
      if (turn.state.role === 'secondary') refresh(turn)
      else askAgain(turn)
      turn.setTimer('again', intervalOf(turn))
    },
  },
  status: ({ role, primary, owes }) => ({
    role,
    leads: role === 'primary',
    leader: primary,
    ready: true,
    ...(owes ? { owes } : {}),
  }),
  // Shows the value of a cached name, even if the entry is no longer valid for clients.
  holds: ({ zone, cache }, read, { object }) =>
    zone === undefined ? cache.get(read.key ?? UNKEYED)?.value : valueIn(object, zone.held, read),
})

const intervalOf = ({ state, config }: DnsTurn) => (state.role === 'secondary' ? config.refreshMs : config.retransmitMs)
