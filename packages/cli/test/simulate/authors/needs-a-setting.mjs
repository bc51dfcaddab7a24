// A protocol whose bug declares the settings that it needs. Tests use only this declaration, so the nodes refuse all
// requests.
const machine = {
  start: ({ id }) => ({ state: { id }, effects: [] }),
  step: (state, event) => ({
    state,
    effects:
      event.type === 'request'
        ? [{ type: 'reply', requestId: event.requestId, result: { type: 'fail', error: 'busy' } }]
        : [],
  }),
  status: ({ id }) => ({ role: id, leads: id === 'n1' }),
}

export default {
  name: 'needs-a-setting',
  objects: ['register', 'counter'],
  notUnder: ['pause', 'clock'],
  settings: [{ name: 'hurry', summary: 'whether nodes hurry', default: false }],
  bugs: [
    {
      name: 'once',
      summary: 'writes what it is told once',
      under: { settings: { hurry: true }, faults: ['pause', 'kill', 'lose-reply', 'failover'], workload: 'counter' },
    },
  ],
  create: () => machine,
}
