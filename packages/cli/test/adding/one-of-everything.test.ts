import { vi } from 'vitest'

// One of everything that can be added, each by the lines that it takes in our registries. All are there at once, in one
// graph of modules, which takes seconds to load. The files imported at the end test one each.

// Faults of bytes, of requests, of messages and of nodes: first their declarations, in the lists of their families ...

vi.mock('../../../faults/src/families/tcp.ts', async (original) => {
  const { tcpFamily } = await original<typeof import('../../../faults/src/families/tcp.ts')>()
  const { defineFamily } = await import('../../../faults/src/definition/family.ts')
  const { hiccup } = await import('./added/hiccup.ts')
  return { tcpFamily: defineFamily({ ...tcpFamily, noun: 'fault', kinds: [...tcpFamily.kinds, hiccup] }) }
})
vi.mock('../../../faults/src/families/http.ts', async (original) => {
  const families = await original<{ readonly httpFamily: { readonly kinds: unknown[] } }>()
  const { stallRequest } = await import('./added/faults.ts')
  families.httpFamily.kinds.push(stallRequest)
  return families
})
vi.mock('../../../faults/src/families/message.ts', async (original) => {
  const families = await original<{ readonly messageFamily: { readonly kinds: unknown[] } }>()
  const { swallowMessage } = await import('./added/faults.ts')
  families.messageFamily.kinds.push(swallowMessage)
  return families
})
vi.mock('../../../faults/src/families/node.ts', async (original) => {
  const families = await original<{ readonly nodeFamily: { readonly kinds: unknown[] } }>()
  const { freeze, stumble } = await import('./added/faults.ts')
  families.nodeFamily.kinds.push(freeze, stumble)
  return families
})

// ... then a line in the table of each world that carries them out.

vi.mock('../../../proxy/src/delivery/registry.ts', async (original) => {
  const { stages } = await original<typeof import('../../../proxy/src/delivery/registry.ts')>()
  const { hiccupOfBytes } = await import('./added/hiccup.ts')
  return { stages: { ...stages, hiccup: hiccupOfBytes } }
})
vi.mock('../../../proxy/src/http/request-harms.ts', async (original) => {
  const { requestHarms, ...others } = await original<typeof import('../../../proxy/src/http/request-harms.ts')>()
  const { stallInProxy } = await import('./added/faults.ts')
  return { ...others, requestHarms: { ...requestHarms, 'stall-request': stallInProxy } }
})
vi.mock('../../../proxy/src/messages/harms.ts', async (original) => {
  const { messageHarms } = await original<typeof import('../../../proxy/src/messages/harms.ts')>()
  const { swallowInProxy } = await import('./added/faults.ts')
  return { messageHarms: { ...messageHarms, 'swallow-message': swallowInProxy } }
})
vi.mock('../../../targets/src/network/node-harms.ts', async (original) => {
  const others = await original<typeof import('../../../targets/src/network/node-harms.ts')>()
  const { freezeProcess } = await import('./added/faults.ts')
  return { ...others, nodeHarms: Object.assign(others.nodeHarms, { freeze: freezeProcess }) }
})
vi.mock('../../../simulator/src/message-troubles.ts', async (original) => {
  const { messageTroubles, ...others } = await original<typeof import('../../../simulator/src/message-troubles.ts')>()
  const { stallInSimulator, swallowInSimulator } = await import('./added/faults.ts')
  return {
    ...others,
    messageTroubles: { ...messageTroubles, 'stall-request': stallInSimulator, 'swallow-message': swallowInSimulator },
  }
})
vi.mock('../../../simulator/src/blows.ts', async (original) => {
  const others = await original<typeof import('../../../simulator/src/blows.ts')>()
  const { freezeInSimulator } = await import('./added/faults.ts')
  return { ...others, blows: Object.assign(others.blows, { freeze: freezeInSimulator }) }
})
vi.mock('../../../node-simulator/src/world/blows.ts', async (original) => {
  const { serviceBlows, ...others } = await original<typeof import('../../../node-simulator/src/world/blows.ts')>()
  const { freezeProgram } = await import('./added/faults.ts')
  return { ...others, serviceBlows: { ...serviceBlows, freeze: freezeProgram } }
})
vi.mock('../../../faults/src/nemeses/registry.ts', async (original) => {
  const { nemeses } = await original<typeof import('../../../faults/src/nemeses/registry.ts')>()
  const { hiccups, secondReplies } = await import('./added/nemeses.ts')
  return { nemeses: [...nemeses, secondReplies, hiccups] }
})

// What is tested, by what, and how it is judged.

vi.mock('../../../targets/src/registry.ts', async (original) => {
  const { targetNames, targetOf, ...others } = await original<typeof import('../../../targets/src/registry.ts')>()
  const name = 'own-target'
  return {
    ...others,
    targetNames: [...targetNames, name],
    // Raft is loaded when it is asked for: what it loads may import this registry.
    targetOf: async (wanted: string) =>
      wanted === name ? { ...(await targetOf('raft')), name, summary: 'Raft by another name' } : targetOf(wanted),
  }
})
vi.mock('../../../protocols/src/registry.ts', async (original) => {
  const { protocols } = await original<typeof import('../../../protocols/src/registry.ts')>()
  const { fixture } = await import('./added/protocol.ts')
  const all = [...protocols, fixture]
  return { protocols: all, findProtocol: (name: string) => all.find((protocol) => protocol.name === name) }
})
vi.mock('../../../workloads/src/registry.ts', async (original) => {
  const registry = await original<typeof import('../../../workloads/src/registry.ts')>()
  const { climb } = await import('./added/workload.ts')
  ;(registry.workloads as unknown[]).push(climb)
  return registry
})
vi.mock('../../../checker/src/check/registry.ts', async (original) => {
  const registry = await original<typeof import('../../../checker/src/check/registry.ts')>()
  const { modelEntry } = await import('../../../checker/src/object/own.ts')
  const { highWater } = await import('./added/model.ts')
  ;(registry.models as unknown[]).push(modelEntry(highWater))
  return registry
})
vi.mock('../../../checker/src/levels/registry.ts', async (original) => {
  const { definitions } = await original<typeof import('../../../checker/src/levels/registry.ts')>()
  const { neverEmpty } = await import('./added/level.ts')
  const { ownLevel } = await import('./added/own-level.ts')
  return {
    definitions: definitions.flatMap<unknown>((level) => {
      if (level.name === 'causal') return [ownLevel, level]
      return level.name === 'read-your-writes' ? [level, neverEmpty] : [level]
    }),
  }
})

// What is recorded.

vi.mock('../../../wire/src/framings.ts', async (original) => {
  const { framings } = await original<typeof import('../../../wire/src/framings.ts')>()
  const { tinyFraming } = await import('./tiny/framing.ts')
  return { framings: [...framings, tinyFraming] }
})
vi.mock('../../../recorder/src/protocols/registry.ts', async (original) => {
  const { recordedProtocols } = await original<typeof import('../../../recorder/src/protocols/registry.ts')>()
  const { tiny } = await import('./tiny/protocol.ts')
  return { recordedProtocols: [...recordedProtocols, tiny] }
})
vi.mock('../../../recorder/src/routes/forms/registry.ts', async (original) => {
  const { valueForms } = await original<typeof import('../../../recorder/src/routes/forms/registry.ts')>()
  const { behind } = await import('./added/route-form.ts')
  return { valueForms: [...valueForms, behind] }
})
vi.mock('../../../recorder/src/routes/places/registry.ts', async (original) => {
  const { places } = await original<typeof import('../../../recorder/src/routes/places/registry.ts')>()
  const { baggage } = await import('./added/route-place.ts')
  return { places: [...places, baggage] }
})

// What is typed, and what is shown.

vi.mock('../../src/commands/registry.ts', async (original) => {
  const { registry } = await original<typeof import('../../src/commands/registry.ts')>()
  const { greet } = await import('./added/command.ts')
  return { registry: { ...registry, greet: async () => greet } }
})
vi.mock('../../../scenarios/src/stories/registry.ts', async (original) => {
  const { stories } = await original<typeof import('../../../scenarios/src/stories/registry.ts')>()
  const all = [...stories, { ...stories[0], name: 'retold', summary: 'the first, once more' }]
  return { stories: all, findStory: (name: string) => all.find((story) => story.name === name) }
})
vi.mock('../../../report/src/reporters/registry.ts', async (original) => {
  const { reporters } = await original<typeof import('../../../report/src/reporters/registry.ts')>()
  const { grumpy, shout } = await import('./added/reporters.ts')
  return { reporters: [...reporters, shout, grumpy] }
})

await import('./command-and-story.ts')
await import('./faults.ts')
await import('./kind-and-target.ts')
await import('./level.ts')
await import('./own-level.ts')
await import('./protocol.ts')
await import('./reporters.ts')
await import('./route-form.ts')
await import('./route-place.ts')
await import('./schedules-and-nemeses.ts')
await import('./wire-protocol.ts')
await import('./workload-and-model.ts')
