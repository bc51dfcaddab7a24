import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { reporters } from '@chaosproxy/report'
import { describe, expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const [staleRead, fresh] = ['stale-read', 'fresh-read'].map((name) =>
  join(import.meta.dirname, '../../check', `../../../../histories/${name}.jsonl`),
) as [string, string]

const LEGAL = {
  ...{ clients: 2, rate: 50, timeMs: 300, timeoutMs: 200, faults: [], seed: 1, checkMs: 10_000 },
  workload: { name: 'register', settings: {} },
}
const spec = (more: object) => ({ target: { name: 'sim:raft', settings: {} }, nodes: 3, ...LEGAL, ...more })

/** A directory with another person's files. Each of them leaves a mark when it is executed. */
function strangersDirectory() {
  const directory = temporaryDirectory()
  const mark = join(directory, 'EXECUTED')
  const write = (name: string, content: unknown) => {
    writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content))
    return join(directory, name)
  }
  const module = write(
    'evil.mjs',
    `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(mark)}, '')\n`,
  )
  const cluster = write('cluster.json', {
    client: { kind: 'resp', commands: 'register' },
    nodes: 1,
    command: ['sh', '-c', `touch ${mark}`],
  })
  return { directory, mark, write, module, cluster, wasRun: () => existsSync(mark) }
}

type Strangers = ReturnType<typeof strangersDirectory>

const attacks: readonly (readonly [what: string, attack: (files: Strangers) => readonly [unknown, string]])[] = [
  ['a command as a probe', ({ mark }) => [spec({ require: [`command "touch ${mark}" output >= 0`] }), '--require']],
  ['a request as a probe', () => [spec({ require: ['http://127.0.0.1:1/ status == 200'] }), '--require']],
  [
    'a program as its target',
    ({ mark }) => [spec({ target: { name: `exec:touch ${mark}`, settings: {} } }), '--binary'],
  ],
  [
    'a simulated program',
    ({ mark }) => [spec({ target: { name: `sim:exec:touch ${mark}`, settings: {} } }), '--binary'],
  ],
  ['a cluster as its target', ({ cluster }) => [spec({ target: { name: cluster, settings: {} } }), '--target']],
  ['a module as its target', ({ module }) => [spec({ target: { name: `sim:${module}`, settings: {} } }), '--protocol']],
  ['a module as its workload', ({ module }) => [spec({ workload: { name: module, settings: {} } }), '--workload']],
]

describe('the spec of another person', () => {
  test.each(attacks)(
    'the spec of another person is refused if it names %s, with the name of the code that would run',
    async (_, attack) => {
      const files = strangersDirectory()
      const [content, option] = attack(files)
      for (const given of [content, { chaos: 1, spec: content }]) {
        const file = files.write('spec.json', given)
        const out = join(files.directory, 'out')
        const { exitCode, stdout, stderr } = await chaosHere(['run', '--spec', file, '--out', out])
        expect({ exitCode, stdout, lines: stderr.trim().split('\n').length }).toEqual({
          exitCode: 3,
          stdout: '',
          lines: 1,
        })
        expect(stderr).toContain(`${file} would run the `)
        expect(stderr).toMatch(new RegExp(`repeat it on the command line \\(${option} .*\\), or give --trust`))
        expect(files.wasRun()).toBe(false)
      }
    },
  )

  test('the refusal of a spec whose target is outside its directory shows the commands that the target runs', async () => {
    const files = strangersDirectory()
    mkdirSync(join(files.directory, 'inner'))
    const file = files.write('inner/spec.json', spec({ target: { name: files.cluster, settings: {} } }))
    const { stderr } = await chaosHere(['run', '--spec', file])
    expect(stderr).toContain(`which runs sh -c touch ${files.mark} (outside of the directory of ${file})`)
  })

  test('the spec of another person is refused if a command-line option would change the run that the spec defines', async () => {
    const files = strangersDirectory()
    const file = files.write('spec.json', spec({ workload: { name: files.module, settings: {} } }))
    for (const other of [
      ['--workload', 'register'],
      ['--workload', join(files.directory, 'other.mjs')],
      ['--protocol', files.module],
      ['--require', 'lost == 0'],
    ]) {
      const { exitCode, stderr } = await chaosHere(['run', '--spec', file, ...other])
      expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining('defines the whole run') })
    }
    expect(files.wasRun()).toBe(false)
  })

  test('chaos run executes a command that a spec file requires if --trust or an equal --require is given', async () => {
    const files = strangersDirectory()
    const requirement = `command "touch ${files.mark}" exit == 0`
    const file = files.write('spec.json', spec({ require: [requirement] }))
    const out = join(files.directory, 'out')
    const trusted = await chaosHere(['run', '--spec', file, '--trust', '--out', out])
    expect(trusted.stderr).toContain(`${file} brings the probe ${requirement}`)
    expect(files.wasRun()).toBe(true)
    const repeated = await chaosHere(['run', '--spec', file, '--require', requirement, '--out', out])
    expect(repeated.stderr).not.toContain('brings')
    expect(repeated.stdout).toContain(`found 0`)
  })

  test('a spec of another person runs without --trust if it names only built-in code and requires no command', async () => {
    const files = strangersDirectory()
    const file = files.write('spec.json', spec({ require: ['operations >= 1'] }))
    const { exitCode, stderr } = await chaosHere(['run', '--spec', file, '--out', join(files.directory, 'out')])
    expect({ exitCode, stderr }).toEqual({
      exitCode: expect.any(Number),
      stderr: expect.not.stringContaining('would run'),
    })
    expect(exitCode).not.toBe(3)
  })
})

describe('the replay file of another person', () => {
  const recorded = () =>
    JSON.parse(readFileSync(join(import.meta.dirname, '../../../../simulator/test/recorded/raft.replay'), 'utf8'))

  test.each(['target', 'workload'] as const)(
    'a replay file of another person is not run if it names a module as its %s',
    async (member) => {
      const files = strangersDirectory()
      const file = files.write('replay.json', { ...recorded(), bug: undefined, [member]: './evil.mjs' })
      const { exitCode, stderr } = await chaosHere(['replay', file])
      expect(stderr).toMatch(new RegExp(`would run the ${member === 'target' ? 'protocol' : 'workload'} in `))
      expect(exitCode).toBe(3)
      expect(files.wasRun()).toBe(false)
    },
  )

  test('a replay file of another person is not run if it names a program', async () => {
    const files = strangersDirectory()
    const file = files.write('replay.json', { ...recorded(), bug: undefined, target: `exec:touch ${files.mark}` })
    const { exitCode, stderr } = await chaosHere(['replay', file])
    expect(stderr).toContain(`would run the program touch ${files.mark}`)
    expect(exitCode).toBe(3)
    expect(files.wasRun()).toBe(false)
  })

  test('a replay file is run with the module that the command line names, not with the module in the file', async () => {
    const files = strangersDirectory()
    const file = files.write('replay.json', { ...recorded(), bug: undefined, target: './evil.mjs' })
    await chaosHere(['replay', file, '--protocol', files.module])
    expect(files.wasRun()).toBe(true)
  })
})

patientTest('the printed command that repeats a run contains the probe of the run', async () => {
  const files = strangersDirectory()
  const requirement = `command "touch ${files.mark}" exit == 0`
  const schedule = files.write('schedule.json', [
    { kind: 'partition', links: ['n1>n2'], fromMs: 100, toMs: 200, mode: 'hold' },
  ])
  const { stdout } = await chaosHere([
    ...['run', '--sim', '--time', '300ms', '--rate', '50', '--nodes', '3', '--faults', schedule],
    ...['--require', requirement, '--out', join(files.directory, 'out')],
  ])
  expect(stdout).toMatch(/--spec \S+run\.json --require 'command "touch /)
})

patientTest('the password of a probe is sent to the probe, but is in no file and no output', async () => {
  const files = strangersDirectory()
  const { server, authorizations } = await protectedServer()
  const { port } = server.address() as AddressInfo
  const out = join(files.directory, 'out')
  const events = join(files.directory, 'events.jsonl')
  const required = [
    '--require',
    `http://me:REQSECRET@127.0.0.1:${port}/x status == 200`,
    '--require',
    'command "true --dsn=me:REQSECRET@h -pREQSECRET" exit == 0',
  ]
  const run = ['run', '--sim', '--time', '300ms', '--rate', '50', '--nodes', '3', '--faults', 'none', '--out', out]
  const { stdout, stderr } = await chaosHere([...run, '--events', events, ...required])
  server.close()
  expect(stdout).toContain('✔ http://me:(removed)@')
  expect(authorizations).toEqual([`Basic ${Buffer.from('me:REQSECRET').toString('base64')}`])
  const [directory = ''] = readdirSync(out)
  const written = readdirSync(join(out, directory)).filter((name) => /\.(json|html|jsonl)$/.test(name))
  expect(written).toEqual(expect.arrayContaining(['run.json', 'report.html', 'history.jsonl']))
  for (const text of [stdout, stderr, readFileSync(events, 'utf8')]) expect(text).not.toContain('REQSECRET')
  for (const name of written) expect(readFileSync(join(out, directory, name), 'utf8'), name).not.toContain('REQSECRET')
  const again = await chaosHere(['run', '--spec', join(out, directory, 'run.json'), ...required, '--out', out])
  expect(again.stderr).not.toContain('would run')
})

/** A server that accepts any credentials, and records them. */
async function protectedServer() {
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization)
    response.writeHead(request.headers.authorization === undefined ? 401 : 200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, authorizations }
}

test('chaos check --out overwrites an earlier report, but no other page', async () => {
  const directory = temporaryDirectory()
  const page = join(directory, 'mine.html')
  writeFileSync(page, '<!doctype html><title>mine</title>')
  const refused = await chaosHere(['check', staleRead, '--out', page])
  expect([refused.exitCode, refused.stderr]).toEqual([
    3,
    expect.stringContaining('a file that is not an earlier report'),
  ])
  expect(readFileSync(page, 'utf8')).toContain('mine')
  const report = join(directory, 'report.html')
  for (const _ of ['new', 'replaced'])
    expect((await chaosHere(['check', staleRead, '--out', report])).exitCode).not.toBe(3)
})

const PRECIOUS = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite name="mine"/>\n</testsuites>\n'

test.each(reporters.map((reporter) => [reporter.name, reporter.recognises !== undefined] as const))(
  '--reporter %s overwrites no other file, and its own earlier output only if it is recognisable (%s)',
  async (name, isMarked) => {
    const file = join(temporaryDirectory(), 'report')
    const told = (...more: readonly string[]) =>
      chaosHere(['check', staleRead, '--reporter', `${name}=${file}`, ...more])
    for (const precious of [
      PRECIOUS,
      readFileSync(staleRead, 'utf8'),
      '# Notes\n',
      '{"chaos":1}\n',
      'TAP version 14\n',
    ]) {
      writeFileSync(file, precious)
      const { exitCode, stderr } = await told()
      expect([exitCode, stderr]).toEqual([3, expect.stringMatching(`--reporter ${name}=.*--force`)])
      expect(readFileSync(file, 'utf8')).toBe(precious)
    }
    expect((await told('--force')).exitCode).not.toBe(3)
    expect(readFileSync(file, 'utf8')).not.toContain('TAP version 14\n1..0')
    expect((await told()).exitCode).toBe(isMarked ? 0 : 3)
  },
)

test('a reporter overwrites its earlier output, even if another command wrote that output', async () => {
  const directory = temporaryDirectory()
  const out = join(temporaryDirectory(), 'out')
  const reporters = ['json', 'jsonl', 'junit', 'tap', 'markdown'].flatMap((name) => [
    '--reporter',
    `${name}=${join(directory, name)}`,
  ])
  const commands = [
    ['check', staleRead],
    ['check', staleRead, fresh],
    ['run', '--sim', '--time', '500ms', '--rate', '100', '--faults', 'none', '--out', out],
    ['fuzz', '--seeds', '2', '--out', out],
    ['compare', '--targets', 'raft', '--faults', 'kill', '--seeds', '1', '--time', '1s'],
    ['scenario', 'two-generals'],
    ['check', staleRead],
  ]
  for (const command of commands) {
    const { exitCode, stderr } = await chaosHere([...command, ...reporters])
    expect([command[0], exitCode, (exitCode ?? 9) < 3 ? '' : stderr]).toEqual([
      command[0],
      expect.toSatisfy((code) => code < 3),
      '',
    ])
  }
})

test('--events overwrites events of an earlier run, but no other file', async () => {
  const directory = temporaryDirectory()
  const events = join(directory, 'events.jsonl')
  const run = ['run', '--sim', '--time', '200ms', '--rate', '50', '--faults', 'none', '--out', join(directory, 'out')]
  writeFileSync(events, PRECIOUS)
  const refused = await chaosHere([...run, '--events', events])
  expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching('--events .*--force')])
  expect(readFileSync(events, 'utf8')).toBe(PRECIOUS)
  for (const force of [['--force'], []])
    expect((await chaosHere([...run, '--events', events, ...force])).exitCode).toBeLessThan(3)
})

test('--events refuses a dangling link, and does not create the target of the link', async () => {
  const directory = temporaryDirectory()
  const [link, elsewhere] = [join(directory, 'events.jsonl'), join(directory, 'elsewhere')]
  symlinkSync(elsewhere, link)
  const run = ['run', '--sim', '--time', '200ms', '--rate', '50', '--faults', 'none', '--out', join(directory, 'out')]
  const { exitCode } = await chaosHere([...run, '--events', link])
  expect(exitCode).toBe(4)
  expect(existsSync(elsewhere)).toBe(false)
})
