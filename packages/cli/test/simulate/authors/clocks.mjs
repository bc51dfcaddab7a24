// Each node counts the ticks of its own timer. Only the invariants compare the counts of all nodes.
const EVERY_MS = 10
const machine = {
  start: () => ({
    state: { last: undefined, back: 0, ticks: 0 },
    effects: [{ type: 'setTimer', timer: 'tick', afterMs: EVERY_MS }],
  }),
  step(state, event, now) {
    if (state.last !== undefined) state.back = Math.max(state.back, state.last - now)
    state.last = now
    if (event.type === 'request')
      return { state, effects: [{ type: 'reply', requestId: event.requestId, result: { type: 'ok', value: null } }] }
    state.ticks++
    return { state, effects: [{ type: 'setTimer', timer: 'tick', afterMs: EVERY_MS }] }
  },
  status: () => ({ role: 'clock', leads: false, ready: true }),
}

/** The tests that search this protocol neither kill nor pause nodes, so all nodes start at the same time. */
const inStep = () => {
  const ticks = new Map()
  return (node) => (state) => {
    ticks.set(node, state.ticks)
    const [least, most] = [Math.min(...ticks.values()), Math.max(...ticks.values())]
    return most > 5 + least * 1.1 ? `${most} ticks here, ${least} there` : undefined
  }
}
const steadfast = () => () => (state) => (state.back > 300 ? `the clock went back by ${state.back} ms` : undefined)

export default {
  name: 'clocks',
  promises: 'none',
  create: () => machine,
  invariants: [
    { name: 'in step', summary: 'no clock runs more than a tenth faster than another', watch: inStep },
    { name: 'steadfast', summary: 'no clock jumps back far', watch: steadfast },
  ],
}
