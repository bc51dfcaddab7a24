import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { expect, test, vi } from 'vitest'
import { chaosHere, temporaryDirectory } from '../chaos.ts'

/** A protocol of its own, as its folder would export it: every node answers from a state that all of them share. */
vi.mock('../../../protocols/src/registry.ts', async (original) => {
  const { protocols } = await original<{ protocols: readonly ProtocolDefinition[] }>()
  const fixture: ProtocolDefinition = {
    name: 'fixture',
    summary: 'a protocol that only this test has',
    defaultNodes: 2,
    objects: ['register'],
    promises: () => 'eventual',
    knobs: [{ name: 'loudness', summary: 'how loud it is', default: 3 }],
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
  const all = [...protocols, fixture]
  return { protocols: all, findProtocol: (name: string) => all.find((protocol) => protocol.name === name) }
})

test('a protocol that is added to the registry, by one line, is listed, run and named in the result', async () => {
  const { stdout: listed } = await chaosHere(['targets'])
  expect(listed).toContain('a protocol that only this test has')
  expect((await chaosHere(['targets', '--bugs'])).stdout).toContain('mute')
  const args = ['run', '--sim', '--seed', '1', '--time', '1s', '--json', '--out', temporaryDirectory()]
  expect((await chaosHere([...args, '--target', 'fixtur'])).stderr).toContain('Did you mean fixture?')
  const chosen = ['--target', 'fixture', '--faults', 'none', '--set', 'loudness=5']
  const { stdout, stderr, exitCode } = await chaosHere([...args, ...chosen])
  expect(stderr).toBe('')
  // Every read answers null, whatever was written.
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ levels: { eventual: { result: 'violated' } } })
})
