import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from '@chaosproxy/runner'
import { expect, test, vi } from 'vitest'
import { chaosHere, temporaryDirectory } from '../chaos.ts'

/** All that a new kind of fault takes: its declaration, in the list of its family, ... */
vi.mock('../../../faults/src/families/tcp.ts', async (original) => {
  const { tcpFamily } = await original<typeof import('../../../faults/src/families/tcp.ts')>()
  const { defineFault } = await import('../../../faults/src/definition.ts')
  const { defineFamily } = await import('../../../faults/src/family.ts')
  const { ms } = await import('../../../faults/src/parameter.ts')
  const hiccup = defineFault({
    kind: 'hiccup',
    summary: 'everything stands still for a moment',
    parameters: { pauseMs: ms('for how long') },
  })
  return { tcpFamily: defineFamily({ ...tcpFamily, noun: 'fault', kinds: [...tcpFamily.kinds, hiccup] }) }
})

/** ... and what it does to bytes, in the list of what carries them. */
vi.mock('../../../proxy/src/delivery/registry.ts', async (original) => {
  const { stages } = await original<typeof import('../../../proxy/src/delivery/registry.ts')>()
  const hiccup = ({ harm }: { harm: () => { readonly pauseMs: number } }) => ({
    countsArriving: 'bytes',
    delayMs: () => harm().pauseMs,
  })
  return { stages: { ...stages, hiccup } }
})

/** A nemesis is one value in one list. */
vi.mock('../../../faults/src/nemeses/registry.ts', async (original) => {
  const { nemeses } = await original<typeof import('../../../faults/src/nemeses/registry.ts')>()
  const hiccups = {
    name: 'hiccups',
    summary: 'let every link stand still for a moment',
    kind: 'hiccup',
    among: 'clients',
    plan: () => ({
      parts: [{ from: 0, to: 1, plan: { kind: 'hiccup', links: 'from-clients', pauseMs: 5 } }],
      lengths: 1,
    }),
  }
  return { nemeses: [...nemeses, hiccups] }
})

/** And so is a target. */
vi.mock('../../../targets/src/registry.ts', async (original) => {
  const { targets, targetOf, ...others } = await original<typeof import('../../../targets/src/registry.ts')>()
  const [raft] = targets as readonly [Target]
  const own: Target = { ...raft, name: 'own-target', summary: 'Raft by another name' }
  return {
    ...others,
    targets: [...targets, own],
    targetOf: async (name: string) => (name === own.name ? own : targetOf(name)),
  }
})

const listed = async (...args: readonly string[]) => (await chaosHere(['targets', ...args])).stdout

test('a kind of fault in its two registries is listed with who can suffer it', async () => {
  expect(await listed('--faults')).toMatch(/hiccup +✔.*everything stands still for a moment\n +--faults hiccups\n/)
  const rows = JSON.parse(await listed('--faults', '--json'))
  expect(rows).toContainEqual(expect.objectContaining({ target: 'raft', fault: 'hiccup', suffers: true }))
  expect(rows).toContainEqual(expect.objectContaining({ target: 'sim:raft', fault: 'hiccup', suffers: false }))
})

test('a nemesis in the registry is suggested for its misspelt name', async () => {
  const { stderr, exitCode } = await chaosHere(['run', '--faults', 'hicups', '--out', temporaryDirectory()])
  expect(stderr).toContain('Did you mean hiccups?')
  expect(exitCode).toBe(3)
})

test('a target in the registry is listed, in words and as JSON', async () => {
  expect(await listed()).toMatch(/own-target +Raft by another name/)
  expect(JSON.parse(await listed('--json'))).toContainEqual(
    expect.objectContaining({ target: 'own-target', summary: 'Raft by another name' }),
  )
})

test('a run of that target suffers that fault, by its nemesis and from a schedule', async () => {
  const schedule = join(temporaryDirectory(), 'schedule.json')
  writeFileSync(
    schedule,
    JSON.stringify([{ fromMs: 200, toMs: 800, kind: 'hiccup', links: 'from-clients', pauseMs: 5 }]),
  )
  for (const faults of ['hiccups', schedule]) {
    const { stdout, stderr } = await chaosHere([
      ...['run', '--target', 'own-target', '--time', '1s', '--rate', '100', '--seed', '1'],
      ...['--faults', faults, '--json', '--out', temporaryDirectory()],
    ])
    expect(stderr).toBe('')
    const { faults: suffered, levels, run } = JSON.parse(stdout)
    expect(run).toMatch(/own-target$/)
    expect(suffered).toContainEqual(
      expect.objectContaining({ kind: 'hiccup', hits: expect.toSatisfy((hits: number) => hits > 0) }),
    )
    expect(levels.linearizable.result).toBe('met')
  }
}, 60_000)

test('the description of the fault comes from its declaration', async () => {
  const schedule = join(temporaryDirectory(), 'schedule.json')
  const typed = ['run', '--faults', schedule, '--time', '1s', '--out', temporaryDirectory()]
  writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hicup', links: 'from-clients' }]))
  expect((await chaosHere(typed)).stderr).toContain('Did you mean hiccup?')
  writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hiccup', links: 'from-clients' }]))
  expect((await chaosHere(typed)).stderr).toContain('hiccup needs "pauseMs" of milliseconds: for how long.')
})
