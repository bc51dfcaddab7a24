import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

const explained = async (name: string) => JSON.parse((await chaosHere(['explain', history(name), '--json'])).stdout)

describe('chaos explain', () => {
  test('chaos explain describes the violation, what each level allows, and the usual cause', async () => {
    const { exitCode, stdout } = await chaosHere(['explain', history('stale-read')])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('NOT LINEARIZABLE')
    expect(stdout).toContain('Process 0 asks n1 to write x 2, and is told after 2.0 ms that it is done. (lines 4–5)')
    expect(stdout).toMatch(/Process 1 asks n2 to read x, and is given 1 after 1\.0 ms\. ✘ This cannot be\./)
    expect(stdout).toMatch(/Linearizable forbids it: as if there were one copy/)
    expect(stdout).toMatch(/Sequential allows it: one order for everybody/)
    expect(stdout).toContain('A read was answered by a copy that was behind.')
  })

  test('chaos explain --prove lists every order of the operations, and why each order fails', async () => {
    const { exitCode, stdout } = await chaosHere(['explain', history('stale-read'), '--prove'])
    expect(exitCode).toBe(0)
    const proof = stdout.slice(stdout.indexOf('  Verified'), stdout.indexOf('  What each level allows')).trimEnd()
    expect(proof).toMatchInlineSnapshot(`
      "  Verified: these 3 operations admit no order (3 steps tried).
          write 1: process 0, lines 2–3
          write 2: process 0, lines 4–5
          read → 1: process 1, lines 6–7

        All orders, each up to the first operation that does not fit
          write 1, write 2, read → 1
            ✘ the read must return 2
          write 1, read → 1
            ✘ read → 1 comes too early: it was called 2.0 ms after write 2 had returned
          write 2
            ✘ write 2 comes too early: the same client called write 1 before it
          read → 1
            ✘ read → 1 comes too early: it was called 12 ms after write 1 had returned"
    `)
  })

  test('chaos explain --prove says that a violation is not proved if the verifier does not cover the level', async () => {
    const file = join(temporaryDirectory(), 'history.jsonl')
    const transaction = (process: number, asked: unknown, answered: unknown) => [
      { process, type: 'invoke', f: 'txn', value: asked },
      { process, type: 'ok', f: 'txn', value: answered },
    ]
    const written = [
      ['append', 'x', 1],
      ['append', 'y', 1],
    ]
    const read = transaction(
      1,
      [
        ['r', 'x', null],
        ['r', 'y', null],
      ],
      [
        ['r', 'x', [1]],
        ['r', 'y', []],
      ],
    )
    writeFileSync(
      file,
      [...transaction(0, written, written), ...read].map((line) => `${JSON.stringify(line)}\n`).join(''),
    )
    const { stdout } = await chaosHere(['explain', file, '--level', 'read-atomic', '--prove', '--json'])
    expect(JSON.parse(stdout).proof).toMatchObject({
      isProved: false,
      verdict: 'Not proved: the verifier does not cover monotonic-atomic-view. The verdict of the check stands.',
      orders: [],
    })
  })

  test('chaos explain describes the violation in the sentence that all other reports print', async () => {
    const { sentence } = await explained('stale-read')
    for (const args of [
      ['--json'],
      ['--reporter', 'junit'],
      ['--reporter', 'github'],
      ['--reporter', 'markdown'],
      [],
    ]) {
      const { stdout } = await chaosHere(['check', history('stale-read'), '--expect', 'linearizable', ...args])
      const plain = stdout.replaceAll('&apos;', "'").replaceAll('&#39;', "'").replaceAll('\\', '')
      expect(plain.replaceAll(/\s+/g, ' ').toLowerCase(), args.join(' ')).toContain(sentence.toLowerCase())
    }
  })

  test.each([
    ['stale-read', 'A read was answered by a copy that was behind.'],
    ['own-transfer-invisible', 'A client did not see its own write.'],
    ['replica-goes-back', 'A client saw something new and then something older.'],
    ['split-brain', 'The copies did not converge.'],
    ['failover-forgets', 'A write that was acknowledged is gone.'],
    ['read-of-failed-write', 'A value was read whose write was reported as failed.'],
  ])('chaos explain gives for %s its documented cause: %s', async (name, cause) => {
    expect((await explained(name)).causes[0].cause).toBe(cause)
  })

  test('chaos explain blames the lost memory of a killed node if that node had acknowledged the write', async () => {
    const file = join(temporaryDirectory(), 'history.jsonl')
    const events: readonly (readonly [process: number | string, type: string, f: string, value: unknown])[] = [
      [0, 'invoke', 'write', 7],
      [0, 'ok', 'write', 7],
      ['nemesis', 'info', 'kill', { id: 'fault-1', nodes: ['n1'] }],
      ['nemesis', 'info', 'heal', { id: 'fault-1', fault: 'kill', hits: 1 }],
      [1, 'invoke', 'read', null],
      [1, 'ok', 'read', null],
    ]
    const lines = events.map(([process, type, f, value], index) =>
      JSON.stringify({
        index,
        time: index * 1e6,
        process,
        type,
        f,
        value,
        ...(f === 'heal' || f === 'kill' ? {} : { key: 'x', node: 'n1' }),
      }),
    )
    writeFileSync(file, `${lines.join('\n')}\n`)
    const [first] = JSON.parse((await chaosHere(['explain', file, '--json'])).stdout).causes
    expect(first).toMatchObject({
      cause: 'A node that was killed came back without a write that it had acknowledged.',
      remedy: expect.stringMatching(/disk before acknowledging/),
    })
  })

  test('chaos explain says what was tested if no level is violated', async () => {
    const { stdout, exitCode } = await chaosHere(['explain', history('fresh-read')])
    expect(stdout).toMatch(/Tried: \d+ operations.*Next: /s)
    expect(exitCode).toBe(0)
  })

  test('chaos explain accepts the directory of a run, and names the injected faults', async () => {
    const out = temporaryDirectory()
    const args = ['--sim', '--target', 'primary-replica', '--time', '3s', '--seed', '1', '--faults', 'partition']
    await chaosHere(['run', ...args, '--out', out])
    const { stdout } = await chaosHere(['explain', join(out, readdirSync(out)[0] ?? '')])
    expect(stdout).toMatch(/NOT LINEARIZABLE/)
    expect(stdout).toMatch(/Usual causes/)
  })

  test('chaos explain and chaos check name the bug that was planted in the run in the given directory', async () => {
    const out = temporaryDirectory()
    const args = ['--sim', '--target', 'raft', '--bug', 'ack-before-majority', '--faults', 'isolate-leader']
    await chaosHere(['run', ...args, '--time', '3s', '--seed', '1', '--expect', 'linearizable', '--out', out])
    const directory = join(out, readdirSync(out).find((name) => name !== 'index.html') ?? '')
    for (const command of ['explain', 'check']) {
      const { telling, why, next } = JSON.parse((await chaosHere([command, directory, '--json'])).stdout)
      expect((telling ?? { why }).why.text).toMatch(/^The run planted the bug ack-before-majority: /)
      expect((telling ?? { next }).next.command).toMatch(/^npx chaos run --target raft (?!.*--bug)/)
    }
  })

  test('chaos explain names all levels that do not apply to the model in one sentence', async () => {
    const out = temporaryDirectory()
    const queue = [
      '--target',
      'broker',
      '--set',
      'delivery=at-least-once',
      '--workload',
      'queue',
      '--faults',
      'kill,loss',
    ]
    await chaosHere(['run', '--sim', ...queue, '--seed', '2', '--time', '3s', '--rate', '150', '--out', out])
    const { stdout } = await chaosHere(['explain', join(out, readdirSync(out)[0] ?? '')])
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /Sequential, causal, .*, writes-follow-reads and convergent are undecided: the queue model has only the levels linearizable and eventual\./,
    )
    expect(stdout.match(/has only the levels/g)).toHaveLength(1)
    expect(stdout).toContain('An operation took effect twice.')
  })

  test('chaos explain proposes the directory of a run if it is given the run.json', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'run.json'), '{\n}')
    const { exitCode, stderr } = await chaosHere(['explain', join(directory, 'run.json')])
    expect(stderr).toContain(
      `this describes a run and is not a history. Give the run's directory: chaos explain ${directory}`,
    )
    expect(exitCode).toBe(3)
  })

  test.each([
    [['none.jsonl'], 'none.jsonl: there is no such run or history. Check the path.'],
    [[history('stale-read'), '--level', 'linear'], '--level linear: there is no such level. Known: linearizable'],
    [[history('stale-read'), '--model', 'cue'], '--model cue: there is no such model. Known: register'],
    [[history('stale-read'), '--model', './own.ts'], '--model ./own.ts: only chaos check takes a model in a file'],
  ])('chaos explain says what is wrong with %j in one line', async (args, message) => {
    const { exitCode, stderr, stdout } = await chaosHere(['explain', ...args])
    expect(stderr).toContain(message)
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  })

  test('chaos explain refuses a directory that is not a run, with a remedy', async () => {
    const directory = join(temporaryDirectory(), 'empty')
    mkdirSync(directory)
    const { exitCode, stderr } = await chaosHere(['explain', directory])
    expect(stderr).toContain('this directory has no history.jsonl.')
    expect(exitCode).toBe(3)
  })
})
