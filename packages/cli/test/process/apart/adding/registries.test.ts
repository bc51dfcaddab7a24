import { vi } from 'vitest'

// What a configuration cannot add: a line in our registry each. All are there at once, in one graph of modules, which takes
// seconds to load. The files imported at the end test one each.

vi.mock('../../../../../checker/src/levels/registry.ts', async (original) => {
  const { definitions } = await original<typeof import('../../../../../checker/src/levels/registry.ts')>()
  const { neverEmpty } = await import('../../../adding/registered/level.ts')
  const { ownLevel } = await import('../../../adding/registered/own-level.ts')
  return {
    definitions: definitions.flatMap<unknown>((level) => {
      if (level.name === 'causal') return [ownLevel, level]
      return level.name === 'read-your-writes' ? [level, neverEmpty] : [level]
    }),
  }
})
vi.mock('../../../../../recorder/src/routes/forms/registry.ts', async (original) => {
  const { valueForms } = await original<typeof import('../../../../../recorder/src/routes/forms/registry.ts')>()
  const { behind } = await import('../../../adding/registered/route-form.ts')
  return { valueForms: [...valueForms, behind] }
})
vi.mock('../../../../../recorder/src/routes/places/registry.ts', async (original) => {
  const { places } = await original<typeof import('../../../../../recorder/src/routes/places/registry.ts')>()
  const { baggage } = await import('../../../adding/registered/route-place.ts')
  return { places: [...places, baggage] }
})
vi.mock('../../../../src/commands/registry.ts', async (original) => {
  const { registry } = await original<typeof import('../../../../src/commands/registry.ts')>()
  const { greet } = await import('../../../adding/registered/command.ts')
  return { registry: { ...registry, greet: async () => greet } }
})

await import('../../../adding/command.ts')
await import('../../../adding/level.ts')
await import('../../../adding/own-level.ts')
await import('../../../adding/route-form.ts')
await import('../../../adding/route-place.ts')
