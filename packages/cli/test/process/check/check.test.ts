import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { chaos, chaosHere, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

describe('chaos check', () => {
  test('chaos check shows the verdict of one file, a sentence about the violation, and the name of the file', async () => {
    const { exitCode, stdout, stderr } = await chaos(['check', history('stale-read')])
    expect(stdout).toMatch(/NOT LINEARIZABLE/)
    expect(stdout).toMatch(/Process 1 read 1 for x from n2 at 0\.014 s/)
    expect(stdout).toMatch(/stale-read\.jsonl/)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) })
  })

  test('chaos check shows a table of several files, with a line for each', async () => {
    const { stdout } = await chaosHere(['check', history('stale-read'), history('fresh-read'), history('split-brain')])
    const lines = stdout.split('\n')
    for (const name of ['stale-read', 'fresh-read', 'split-brain'])
      expect(lines.filter((line) => line.includes(`${name}.jsonl`))).toHaveLength(1)
  })

  test.each([
    ['fresh-read', 'linearizable', 0],
    ['stale-read', 'linearizable', 1],
    ['stale-read', 'sequential', 0],
    ['split-brain', 'eventual', 1],
    ['sequential-not-linearizable', 'eventual', 2],
    ['stale-read', 'none', 0],
  ])('chaos check judges %s: --expect %s leads to exit code %d', async (name, level, expected) => {
    const { exitCode } = await chaosHere(['check', history(name), '--expect', level])
    expect(exitCode).toBe(expected)
  })

  test('chaos check takes all digits of a large initial value', async () => {
    const file = join(temporaryDirectory(), 'large.jsonl')
    const read = '"process":0,"f":"read"'
    const write = '"process":1,"f":"write","value":1'
    writeFileSync(
      file,
      `{${read},"type":"invoke"}\n{${read},"type":"ok","value":9007199254740993}\n{${write},"type":"invoke"}\n{${write},"type":"ok"}\n`,
    )
    for (const [initial, expected] of [
      ['9007199254740993', 0],
      ['9007199254740992', 1],
    ] as const) {
      const { exitCode } = await chaosHere(['check', file, '--initial', initial, '--expect', 'linearizable'])
      expect(exitCode).toBe(expected)
    }
  })

  test("a stale read on a client's second connection is found only if the recording names the client", async () => {
    const directory = temporaryDirectory()
    const record = (name: string, sessions: object, session: object): string => {
      const file = join(directory, name)
      const events = [
        [0, 'write', 1, 1],
        [1, 'read', null, null],
        [1, 'read', null, 1],
      ].flatMap(([process, f, input, output]) => [
        { process, type: 'invoke', f, key: 'x', value: input, ...session },
        { process, type: 'ok', f, key: 'x', value: output },
      ])
      const header = { chaos: 1, model: 'register', initial: null, sessions }
      writeFileSync(file, [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join(''))
      return file
    }
    const named = record('named.jsonl', { by: 'header.X-Client', named: true }, { session: 'alice' })
    const pooled = record('pooled.jsonl', { by: 'connection', named: false }, {})
    const told = await chaosHere(['check', named, '--expect', 'sequential'])
    expect(told.exitCode).toBe(1)
    expect(told.stdout).toMatch(/Alice wrote x = 1, but then read x = null, not its own 1\./)
    const unsure = await chaosHere(['check', pooled, '--expect', 'sequential'])
    expect(unsure.exitCode).toBe(2)
    expect(unsure.stdout.replace(/\s+/g, ' ')).toContain(
      'say in the route table which header or cookie does: "client": "header.X-Client"',
    )
  })

  test('chaos check exits with 2 for a history without a read, whether or not --expect is given', async () => {
    const file = join(temporaryDirectory(), 'writes.jsonl')
    writeFileSync(
      file,
      '{"process":1,"type":"invoke","f":"write","value":1}\n{"process":1,"type":"ok","f":"write","value":1}\n',
    )
    for (const args of [[], ['--expect', 'linearizable']]) {
      const { exitCode, stdout } = await chaosHere(['check', file, ...args])
      expect(stdout).toContain('why: no read succeeded')
      expect(stdout).toMatch(/exit code 2$/m)
      expect(exitCode).toBe(2)
    }
    const { stdout } = await chaosHere(['check', file, '--json'])
    expect(JSON.parse(stdout).vacuous).toEqual(['no read succeeded'])
  })

  test('chaos check repeats the verdict of a run whose workload only reads', async () => {
    const out = temporaryDirectory()
    const draft = ['--target', 'raft', '--sim', '--time', '1s', '--workload', 'read-only', '--faults', 'none']
    const run = await chaosHere(['run', ...draft, '--seed', '1', '--out', out, '--json'])
    const [name = ''] = readdirSync(out).filter((each) => each.endsWith('-raft'))
    const check = await chaosHere(['check', join(out, name), '--json'])
    const [ran, checked] = [run, check].map(({ exitCode, stdout }) => {
      const { title, vacuous } = JSON.parse(stdout)
      return { exitCode, title, vacuous }
    })
    expect(ran).toEqual({ exitCode: 0, title: 'Linearizable', vacuous: [] })
    expect(checked).toEqual(ran)

    // If a fault could not be injected, the run exits with 4, and so does `chaos check` of the run's directory.
    const file = join(out, name, 'run.json')
    const trouble = 'fault-1 (kill) could not be injected: no permission'
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), trouble: [trouble] }))
    const troubled = await chaosHere(['check', join(out, name)])
    expect(troubled.exitCode).toBe(4)
    expect(troubled.stdout).toContain('fault-1 (kill) could not be injected')
  })

  test('chaos check reports only the requested level, and exits with 2 if that level cannot be decided', async () => {
    const decided = await chaosHere(['check', history('stale-read'), '--level', 'sequential'])
    expect(decided.stdout).toMatch(/^ {2}SEQUENTIALLY CONSISTENT/m)
    expect(decided.exitCode).toBe(0)
    const open = await chaosHere(['check', history('sequential-not-linearizable'), '--level', 'eventual'])
    expect(open.stdout).toMatch(/^ {2}UNKNOWN WHETHER EVENTUALLY CONSISTENT/m)
    expect(open.exitCode).toBe(2)
  })

  test('chaos check --json prints one object for each file, with the strongest level first', async () => {
    const { stdout } = await chaosHere(['check', history('stale-read'), history('fresh-read'), '--json'])
    const [stale, fresh] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(stale.file).toBe(history('stale-read'))
    expect(Object.keys(stale.levels)).toEqual([
      ...['linearizable', 'sequential', 'causal', 'causal-memory', 'causal-convergence', 'pram', 'session'],
      ...['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads', 'eventual', 'convergent'],
    ])
    expect(stale.levels.linearizable).toMatchObject({
      result: 'violated',
      counterexample: { sentence: expect.any(String) },
    })
    expect(fresh.levels.linearizable.result).toBe('met')
    expect(stale.timing).toMatchObject({ parseMs: expect.any(Number), checkMs: expect.any(Number) })
  })

  test('chaos check reads Porcupine, Jepsen and its own format, from a file or from stdin', async () => {
    const directory = temporaryDirectory()
    const etcd = join(directory, 'etcd.log')
    writeFileSync(etcd, 'INFO  jepsen.util - 0\t:invoke\t:write\t3\nINFO  jepsen.util - 0\t:ok\t:write\t3\n')
    const edn = join(directory, 'history.edn')
    writeFileSync(
      edn,
      '{:process 0, :type :invoke, :f :write, :value 3}\n{:process 0, :type :ok, :f :write, :value 3}\n',
    )
    for (const file of [etcd, edn]) {
      const { stdout } = await chaosHere(['check', file, '--json'])
      expect(JSON.parse(stdout).levels.linearizable.result).toBe('met')
    }
  })

  test("chaos check names a lost message in a history of Jepsen's tests of Kafka", async () => {
    const file = join(temporaryDirectory(), 'history.edn')
    const both = (process: number, f: string, asked: string, told: string) =>
      `{:process ${process}, :type :invoke, :f :${f}, :value ${asked}}\n{:process ${process}, :type :ok, :f :${f}, :value ${told}}\n`
    const lines = [
      both(0, 'send', '[[:send 1 7] [:send 1 8]]', '[[:send 1 [0 7]] [:send 1 [3 8]]]'),
      both(0, 'send', '[[:send 1 9]]', '[[:send 1 [4 9]]]'),
      both(1, 'subscribe', '[1]', '[1]'),
      both(2, 'subscribe', '[1]', '[1]'),
      both(1, 'poll', '[[:poll]]', '[[:poll {1 [[0 7]]}]]'),
      both(2, 'poll', '[[:poll]]', '[[:poll {1 [[4 9]]}]]'),
    ]
    writeFileSync(file, lines.join(''))
    const { exitCode, stdout } = await chaosHere(['check', file, '--model', 'stream', '--expect', 'faithful', '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout).levels['no-lost-writes'].counterexample.sentence).toBe(
      '8 was at offset 3 of 1 (sent by process 0, and acknowledged), and nobody ever polled it. Subscribed consumers skipped this message: process 1 polled offset 0, and process 2 offset 4.',
    )
  })

  test('chaos check writes a self-contained report', async () => {
    const report = join(temporaryDirectory(), 'report.html')
    const { exitCode } = await chaosHere(['check', history('stale-read'), '--out', report])
    expect(exitCode).toBe(0)
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>/i)
  })

  test('chaos check writes no report of a history that could not be read', async () => {
    const directory = temporaryDirectory()
    const [empty, report] = [join(directory, 'empty.jsonl'), join(directory, 'report.html')]
    writeFileSync(empty, '')
    const { exitCode } = await chaosHere(['check', empty, '--out', report])
    expect(exitCode).toBe(3)
    expect(readdirSync(directory)).toEqual(['empty.jsonl'])
  })

  test('chaos check shows the verdict even if the report cannot be written, and says why', async () => {
    const { exitCode, stdout, stderr } = await chaosHere([
      'check',
      history('stale-read'),
      '--out',
      'no/such/report.html',
    ])
    expect(stdout).toContain('NOT LINEARIZABLE')
    expect(stderr).toContain('--out no/such/report.html: its directory does not exist. Create it first.')
    expect(exitCode).toBe(3)
  })

  test('chaos check ends without an error if its output is closed early', async () => {
    const { child, finished: ended } = startChaos(['check', history('stale-read'), history('fresh-read'), '--json'])
    child.stdout?.destroy()
    const { exitCode, stderr } = await ended
    expect(stderr).not.toContain('EPIPE')
    expect(exitCode).toBe(0)
  })
})

describe('a wrong command line', () => {
  test.each([
    [['run', '--targt', 'raft'], 'Unknown option --targt. Did you mean --target?'],
    [['run', '--no-such'], 'Unknown option --no-such. chaos run --help lists all options.'],
    [['rnu'], 'There is no command "rnu". Did you mean chaos run?'],
    [['fuzz', 'raft'], 'chaos fuzz takes no argument "raft". What to test is an option: --target raft.'],
    [['fuzz', '--faults', 'kill', 'pause'], 'separate values by commas: --faults kill,pause.'],
    [['fuzz', '--time', '5s', 'raft'], 'What to test is an option: --target raft.'],
    [
      ['check', history('stale-read'), '--model', '--json'],
      '--model needs a value; chaos check --help describes the option.',
    ],
    [['--json', 'check'], '--json: write the command before its options.'],
    [['replay'], 'chaos replay needs the file that chaos fuzz wrote: chaos replay FILE'],
    [['run', '--target', 'rfat'], '--target rfat: there is no such target. Did you mean raft?'],
    [['run', '--time', '20'], '--time 20 is not a duration.'],
    [['run', '--nodes', '0'], '--nodes 0: must be a whole number from 1 to 25.'],
    [['run', '--faults', 'partitions'], '--faults partitions: there is no such fault. Did you mean partition?'],
    [['run', '--bug', 'forget-votes'], 'Did you mean forget-vote?'],
    [['run', '--expect', 'linearisable'], 'Did you mean linearizable?'],
    [['run', '--set', 'speed=3'], 'there is no such setting of raft'],
    [
      ['run', 'raft'],
      'chaos run raft: chaos took raft for the name of a run in chaos.config.ts, but this file does not exist.',
    ],
    [['check', history('stale-read'), '--expect', 'strict'], '--expect strict: there is no such level.'],
    [['check', history('stale-read'), '--format', 'xml'], '--format xml: there is no such format.'],
    [['check', history('stale-read'), '--initial', 'one'], '--initial one is not JSON.'],
    [['check'], 'chaos check needs at least one history'],
    [['replay', 'nowhere.json'], 'nowhere.json: there is no such file.'],
    [['targets', '--faults', '--bugs'], '--faults and --bugs each print a list of their own'],
    [['ctl', 'reset', 'db'], 'chaos ctl reset takes no "db". Usage: chaos ctl reset'],
    [['ctl', 'inspect', 'db', 'n1'], 'chaos ctl inspect takes no "n1". Usage: chaos ctl inspect PROXY'],
    [[], 'Three commands to begin with:'],
  ])('an invalid command line is refused with a hint: chaos %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await chaosHere(args)
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stdout).toBe('')
    expect(exitCode).toBe(3)
  })
})

describe('a history file that cannot be read', () => {
  const refused = async (file: string, message: string | RegExp, run = chaosHere) => {
    const { exitCode, stderr, stdout } = await run(['check', file])
    expect(stderr.trimEnd().split('\n').length).toBeLessThan(4)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stdout).toBe('')
    expect(exitCode).toBe(3)
  }

  test('a history file that does not exist is refused', () =>
    refused('nowhere.jsonl', /nowhere\.jsonl: .*(no such file|does not exist)/i))

  test('a directory is refused as a history file', async () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'runs'))
    await refused(join(directory, 'runs'), /runs: .*directory/)
  })

  test('an empty history file is refused', async () => {
    const file = join(temporaryDirectory(), 'empty.jsonl')
    writeFileSync(file, '')
    await refused(file, /empty\.jsonl: .*empty/)
  })

  test('a history file of prose is refused', async () => {
    const file = join(temporaryDirectory(), 'notes.txt')
    writeFileSync(file, 'Dear diary\n')
    await refused(file, /neither JSON nor EDN nor a Porcupine log \("Dear diary"\)|Force one with --format/)
  })

  test('a binary history file is refused', async () => {
    const file = join(temporaryDirectory(), 'image.png')
    writeFileSync(file, Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]), randomBytes(4096)]))
    await refused(file, /image\.png/)
  })

  test('a history file of 100 MB of random bytes is refused', async () => {
    const file = join(temporaryDirectory(), 'noise')
    const stream = createWriteStream(file)
    for (let i = 0; i < 100; i++) if (!stream.write(randomBytes(1_000_000))) await once(stream, 'drain')
    stream.end()
    await finished(stream)
    await refused(file, /noise/, chaos)
  })

  test('an unreadable history file does not prevent the check of other files', async () => {
    const { exitCode, stdout } = await chaosHere(['check', history('fresh-read'), 'nowhere.jsonl'])
    expect(stdout).toContain('fresh-read.jsonl')
    expect(stdout).toContain('nowhere.jsonl')
    expect(exitCode).toBe(3)
  })
})

test('a history whose last line is cut off is checked without that line, with a note', async () => {
  const file = join(temporaryDirectory(), 'cut.jsonl')
  const whole = readFileSync(history('fresh-read'))
  writeFileSync(file, whole)
  truncateSync(file, whole.length - 20)
  const { exitCode, stdout, stderr } = await chaos(['check', file])
  expect(`${stdout}${stderr}`).toMatch(/last line/)
  expect(exitCode).toBe(0)
})

test('chaos --version prints only the version', async () => {
  expect(await chaos(['--version'])).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' })
})

test.each([[['--help']], [['help', 'run']], [['check', '--help']], [['targets', '-h']]])(
  'chaos %j prints its help with examples or commands',
  async (args) => {
    const { exitCode, stdout } = await chaosHere(args)
    expect(stdout).toMatch(/chaos (run|check|targets)/)
    expect(exitCode).toBe(0)
  },
)

test('chaos targets lists the targets with their faults and bugs', async () => {
  expect((await chaosHere(['targets'])).stdout).toMatch(/raft[\s\S]*primary-replica[\s\S]*master-master/)
  expect((await chaosHere(['targets', '--faults'])).stdout).toMatch(/^ {2}loss +drop 5 to 30% of the messages/m)
  const listed = (await chaosHere(['targets', '--bugs'])).stdout
  expect(listed).toMatch(/\n {2}answer-before-prepare-ok {2}\w/)
  const bugs = JSON.parse((await chaosHere(['targets', '--bugs', '--json'])).stdout)
  expect(bugs).toContainEqual(expect.objectContaining({ target: 'raft', bug: 'forget-vote' }))
})
