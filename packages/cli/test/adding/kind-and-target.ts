import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../chaos.ts'

const listed = async (...args: readonly string[]) => (await chaosHere(['targets', ...args])).stdout

test('a kind of fault added to its two registries is listed with the targets that can suffer it', async () => {
  expect(await listed('raft', '--faults')).toMatch(/✔ hiccups +/)
  const rows = JSON.parse(await listed('--faults', '--json'))
  expect(rows).toContainEqual(expect.objectContaining({ target: 'raft', fault: 'hiccup', suffers: true }))
  expect(rows).toContainEqual(expect.objectContaining({ target: 'sim:raft', fault: 'hiccup', suffers: false }))
})

test('a nemesis added to the registry is suggested for its misspelt name', async () => {
  const { stderr, exitCode } = await chaosHere(['run', '--faults', 'hicups', '--out', temporaryDirectory()])
  expect(stderr).toContain('Did you mean hiccups?')
  expect(exitCode).toBe(3)
})

test('a target added to the registry is listed, in words and as JSON', async () => {
  expect(await listed()).toMatch(/own-target +Raft by another name/)
  expect(JSON.parse(await listed('--json'))).toContainEqual(
    expect.objectContaining({ target: 'own-target', summary: 'Raft by another name' }),
  )
})

test('a run of the added target suffers the added fault, by its nemesis and from a schedule', async () => {
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

test('the error messages about the added fault come from its declaration', async () => {
  const schedule = join(temporaryDirectory(), 'schedule.json')
  const typed = ['run', '--faults', schedule, '--time', '1s', '--out', temporaryDirectory()]
  writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hicup', links: 'from-clients' }]))
  expect((await chaosHere(typed)).stderr).toContain('Did you mean hiccup?')
  writeFileSync(schedule, JSON.stringify([{ fromMs: 0, toMs: 1, kind: 'hiccup', links: 'from-clients' }]))
  expect((await chaosHere(typed)).stderr).toContain('hiccup needs "pauseMs" of milliseconds: for how long.')
})
