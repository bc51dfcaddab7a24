import type { ProtocolDefinition } from '@chaosproxy/protocols'

/** As its folder would export it: a node answers every request with what it asks for. */
export const fixture: ProtocolDefinition = {
  name: 'fixture',
  summary: 'a protocol that only this test has',
  defaultNodes: 2,
  objects: ['register'],
  promises: () => 'eventual',
  settings: [{ name: 'loudness', summary: 'how loud it is', default: 3 }],
  bugs: [{ name: 'mute', summary: 'it says nothing' }],
  create: () => ({
    start: () => ({ state: undefined, effects: [] }),
    step: (_, event) => ({
      state: undefined,
      effects:
        event.type === 'request'
          ? [{ type: 'reply', requestId: event.requestId, result: { type: 'ok', value: event.input.value } }]
          : [],
    }),
    status: () => ({ role: 'copy', leads: false, ready: true }),
  }),
}
