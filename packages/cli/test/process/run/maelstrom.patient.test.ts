import { join } from 'node:path'
import { expect } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const programs = join(root, 'packages', 'targets', 'test', 'stdio', 'maelstrom', 'programs')

const run = (program: string, workload: string, more: readonly string[] = []) => {
  const options = ['--time-limit', '2', '--rate', '100', '--seed', '1', '--out', temporaryDirectory()]
  const words = ['run', '--target', 'maelstrom', '--bin', program, '-w', workload, ...options, ...more]
  return chaos(words, { cwd: programs })
}

test("the target maelstrom runs a program with Maelstrom's options, and prints the messages per operation", async () => {
  const { exitCode, stdout, stderr } = await run('node ./counter.mjs', 'pn-counter', ['--node-count', '3', '--json'])
  expect(exitCode, stdout + stderr).toBe(0)
  const { notes, availability } = JSON.parse(stdout)
  expect(notes).toEqual([expect.stringMatching(/^\d+\.\d messages between nodes for each operation, \d+ in all$/)])
  expect(availability.nodes).toEqual({ n1: 1, n2: 1, n3: 1 })
})

test('the target maelstrom reports a partition that hit no message, and does not inject the partition again', async () => {
  const { exitCode, stdout, stderr } = await run('node ./unique-ids.mjs', 'unique-ids', ['--json'])
  expect(exitCode, stdout + stderr).toBe(0)
  const { notes, faults } = JSON.parse(stdout)
  expect(faults.every(({ hits }: { hits: number }) => hits === 0)).toBe(true)
  expect(faults.map(({ id }: { id: string }) => id)).not.toContainEqual(expect.stringContaining('again'))
  expect(notes).toContain('no partition took effect: it found no message to hit')
})

test('a Maelstrom program whose nodes communicate only through services passes a run with partitions', async () => {
  const { exitCode, stdout, stderr } = await run('../strangers/seq-counter.cjs', 'g-counter', [
    '--nemesis',
    'partition',
  ])
  expect(exitCode, stdout + stderr).toBe(0)
})

test('the target maelstrom passes the arguments after -- to the program', async () => {
  const { exitCode, stderr } = await run('node', 'unique-ids', ['--', './bad.mjs', 'exits'])
  expect(stderr).toContain('the program exited with 7')
  expect(exitCode).toBe(3)
})

test.each([
  ['another than usual', 'loss'],
  ['the usual one', 'partition'],
])('a run of the target maelstrom proves nothing if a requested fault took no effect: %s', async (_, fault) => {
  const { exitCode, stdout } = await run('node ./unique-ids.mjs', 'unique-ids', ['--faults', fault, '--json'])
  expect(JSON.parse(stdout).vacuous).toContain(`no ${fault} took effect`)
  expect(exitCode).toBe(2)
})

test.each([
  [
    'exits',
    3,
    // All nodes exit at about the same time, so the node in the message depends on timing.
    /n[1-5]: the program exited with 7 before it answered init with init_ok. The last lines of its log:\n {2}no configuration/,
  ],
  ['shape', 3, /unique-ids: its reply has no "id": \{"type":"generate_ok"/],
  ['type', 3, /unique-ids: its reply has the type "generated" instead of "generate_ok"/],
])('the target maelstrom ends the run of a program that %s, and reports the reason', async (how, code, message) => {
  const { exitCode, stderr } = await run(`node ./bad.mjs ${how}`, 'unique-ids')
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(code)
})

patientTest.each([
  [
    'garbage',
    'printed a line that is not JSON: standard output carries messages only; log to standard error: generating an id',
  ],
  ['twice', 'replied twice to the same request'],
  ['stranger', 'sent a message to n99, and there is no such node, client or service'],
  ['dies', 'n2 ended by itself (exit code 9)'],
  ['joins', 'characters without a line feed, which ends a message: {"src":'],
])('the target maelstrom reports the error of a program that %s', async (how, message) => {
  const { exitCode, stdout } = await run(`node ./bad.mjs ${how}`, 'unique-ids')
  expect(stdout.replace(/\s+/g, ' ')).toContain(message)
  expect(exitCode).toBe(4)
})

patientTest('the target maelstrom prints the last output of a program that never answers init', async () => {
  const { exitCode, stderr } = await run('node ./bad.mjs silent', 'unique-ids')
  expect(stderr.replace(/\s+/g, ' ')).toMatch(/n[1-5].*answers init with init_ok.*waiting for a lock/)
  expect(exitCode).not.toBe(0)
})

patientTest('the target maelstrom ends the run of a program that floods the network', async () => {
  const { exitCode, stderr } = await run('node ./bad.mjs flood', 'unique-ids')
  expect(stderr).toContain('the program floods the network. Send fewer')
  expect(exitCode).toBe(3)
})

test.each([
  ['', 'say which program, and for which workload: chaos run --target maelstrom --bin ./node -w lin-kv.'],
  ['linkv', 'there is no workload linkv. Did you mean lin-kv?'],
])('the target maelstrom refuses the workload "%s" before anything starts', async (workload, message) => {
  const { exitCode, stderr } = await chaos(['run', '--target', `maelstrom:${workload}:./node`])
  expect(stderr).toContain(message)
  expect(exitCode).toBe(3)
})
