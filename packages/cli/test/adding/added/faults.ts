import { defineFault, type Extension, parameter } from 'chaosproxy'

export const requests: Extension = defineFault({
  kind: 'stall-request',
  summary: 'make the request wait at the door',
  parameters: { stallMs: parameter.ms('how long it waits') },
  on: 'requests',
  meet: ({ stallMs }) => ({ delayMs: stallMs }),
  simulated: { delayMs: ({ stallMs }) => stallMs },
})

export const messages: Extension = defineFault({
  kind: 'swallow-message',
  summary: 'swallow the message whole',
  parameters: {},
  on: 'messages',
  meet: () => 'lose',
  simulated: { loses: () => true },
})

export const nodes: readonly Extension[] = [
  defineFault({
    kind: 'freeze',
    summary: 'freeze the node until it thaws',
    parameters: {},
    stopsNodes: true,
    describe: (_, nodes) => `${nodes} frozen`,
    on: 'nodes',
    strike: (node) => node.pause(),
    heal: (node) => node.resume(),
  }),
]
