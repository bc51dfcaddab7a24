// Registers on n1. n1 performs one operation at a time, and waits until every other node has stored it. This is
// correct, but n1 resends nothing, so the first lost message stops it for ever. With the setting `resend`, it resends
// messages.

const AGAIN_MS = 50

const create = ({ settings }) => ({
  start({ id, peers }) {
    const collections = { values: new Map(), results: new Map(), forwarded: new Map(), acks: new Set() }
    const state = { id, peers, waiting: [], round: 0, ...collections }
    const effects = settings.resend ? [{ type: 'setTimer', timer: 'again', afterMs: AGAIN_MS }] : []
    return { state, effects }
  },
  step(state, event) {
    const effects = []
    const send = (to, message) => effects.push({ type: 'send', to, message })
    if (event.type === 'request') {
      const { requestId, input } = event
      if (state.id === 'n1') ask(state, send, { from: 'n1', requestId, input })
      else {
        state.forwarded.set(requestId, input)
        send('n1', { type: 'forward', requestId, input })
      }
    } else if (event.type === 'timer') {
      for (const [requestId, input] of state.forwarded) send('n1', { type: 'forward', requestId, input })
      store(state, send)
      effects.push({ type: 'setTimer', timer: 'again', afterMs: AGAIN_MS })
    } else receive(state, effects, send, event)
    return { state, effects }
  },
  status: ({ id }) => ({ role: id === 'n1' ? 'primary' : 'copy', leads: id === 'n1' }),
})

function ask(state, send, request) {
  const known = state.results.get(request.requestId)
  if (known !== undefined) send(request.from, { type: 'done', requestId: request.requestId, result: known })
  if (known !== undefined || state.waiting.some(({ requestId }) => requestId === request.requestId)) return
  state.waiting.push(request)
  if (state.waiting.length === 1) begin(state, send)
}

function begin(state, send) {
  state.round++
  state.acks = new Set()
  store(state, send)
}

function store({ waiting, peers, round, acks }, send) {
  if (waiting.length === 0) return
  for (const peer of peers) if (!acks.has(peer)) send(peer, { type: 'store', round })
}

function receive(state, effects, send, { from, message }) {
  if (message.type === 'forward') ask(state, send, { from, requestId: message.requestId, input: message.input })
  if (message.type === 'store') send(from, { type: 'stored', round: message.round })
  if (message.type === 'done' && state.forwarded.delete(message.requestId))
    effects.push({ type: 'reply', requestId: message.requestId, result: message.result })
  if (message.type !== 'stored' || message.round !== state.round || state.waiting.length === 0) return
  state.acks.add(from)
  if (state.acks.size < state.peers.length) return
  const [{ from: asker, requestId, input }] = state.waiting.splice(0, 1)
  if (input.f === 'write') state.values.set(input.key, input.value)
  const result = { type: 'ok', value: state.values.get(input.key) ?? null }
  state.results.set(requestId, result)
  if (asker === 'n1') effects.push({ type: 'reply', requestId, result })
  else send(asker, { type: 'done', requestId, result })
  if (state.waiting.length > 0) begin(state, send)
}

export default {
  name: 'stops-at-a-loss',
  promises: 'linearizable',
  functions: ['read', 'write'],
  objects: ['register'],
  settings: [{ name: 'resend', summary: 'send again what was not answered', default: false }],
  notUnder: ['kill', 'crash'],
  create,
}
