// n1 performs all writes. It replies once another node has confirmed its copy of the write. With the bug, a node
// confirms its copy before the copy is on disk.
const early = (bug) => bug === 'confirm-early'
const machineOf = (bug) => ({
  start: ({ id, peers }, journal) => ({
    state: { id, peers, records: [...journal], pending: {}, acknowledged: [] },
    effects: [],
  }),
  step(state, event) {
    const effects = []
    if (event.type === 'request' && (state.id !== 'n1' || event.input.f !== 'write'))
      effects.push({ type: 'reply', requestId: event.requestId, result: { type: 'fail', error: 'writes are for n1' } })
    else if (event.type === 'request') {
      const { requestId, input } = event
      effects.push({ type: 'persist', record: input.value })
      for (const to of state.peers)
        effects.push({ type: 'send', to, message: { type: 'copy', requestId, value: input.value } })
      state.pending[requestId] = input.value
    } else if (event.type === 'message' && event.message.type === 'copy') {
      const { requestId, value } = event.message
      const confirm = { type: 'send', to: event.from, message: { type: 'confirmed', requestId } }
      const persist = { type: 'persist', record: value }
      effects.push(...(early(bug) ? [confirm, persist] : [persist, confirm]))
    } else if (event.type === 'message' && event.message.requestId in state.pending) {
      const { requestId } = event.message
      const value = state.pending[requestId]
      delete state.pending[requestId]
      state.acknowledged.push(value)
      effects.push({ type: 'reply', requestId, result: { type: 'ok', value } })
    }
    return { state, effects }
  },
  status: ({ id }) => ({ role: id, leads: id === 'n1' }),
})

/** Checks that each acknowledged value is on two disks. A node's disk is the same array throughout the trial. */
const twice = () => {
  const disks = new Map()
  return (node) => (state, _event, durable) => {
    disks.set(node, durable)
    const lost = state.acknowledged.find(
      (value) => [...disks.values()].filter((disk) => disk.includes(value)).length < 2,
    )
    return lost === undefined ? undefined : `${lost} was acknowledged, and fewer than two disks have it`
  }
}

export default {
  name: 'durable',
  promises: 'none',
  bugs: [{ name: 'confirm-early', summary: 'a copy is confirmed before it is on disk' }],
  create: ({ bug }) => machineOf(bug),
  invariants: [{ name: 'on two disks', summary: 'what was acknowledged is on two disks', watch: twice }],
}
