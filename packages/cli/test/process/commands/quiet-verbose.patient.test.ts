import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { valueService, WRITE_AND_READ } from '../../value-service.ts'

const history = (name: string) => join(root, 'histories', `${name}.jsonl`)
const out = () => ['--out', temporaryDirectory()]
const simulated = ['run', '--sim', '--time', '2s', '--rate', '150', '--seed', '3', '--faults', 'partition']
const search = ['fuzz', '--seeds', '2', '--workers', '1']

describe('--quiet', () => {
  test('--quiet prints for a check one line with the verdict and the reason for a violation', async () => {
    const { exitCode, stdout, stderr } = await chaosHere([
      ...['check', history('stale-read'), '--expect', 'linearizable', '--quiet'],
    ])
    expect(stdout).toMatch(/^✘ .*stale-read\.jsonl: [^(]+ \(not linearizable\): process 1 read 1 for x [^\n]*\n$/i)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  })

  test('--quiet prints one line for each of several files, even if one cannot be read', async () => {
    const { stdout } = await chaosHere(['check', history('fresh-read'), '/no/such.jsonl', '--quiet'])
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^✔ .*fresh-read\.jsonl: Linearizable$/),
      expect.stringMatching(/^! \/no\/such\.jsonl: Not checked: /),
    ])
  })

  test('still prints errors', async () => {
    const { exitCode, stdout, stderr } = await chaosHere(['check', '/no/such.jsonl', '--quiet'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(/^[^\n]*no such file[^\n]*\n$/)
  })

  test('--quiet prints for a run one line with the verdict and a symbol for a kept or a broken promise', async () => {
    const { exitCode, stdout, stderr } = await chaosHere([...simulated, '--quiet', ...out()])
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: '✔ sim:raft, 5 nodes: Linearizable\n',
      stderr: '',
    })
  })

  patientTest('--quiet prints for a search one line with the verdict', async () => {
    const { stdout, stderr } = await chaosHere([...search, '--quiet', ...out()])
    expect(stdout).toMatch(/^[✔?] raft: Nothing found[^\n]*\n$/)
    expect(stderr).toBe('')
  })

  test('--quiet prints for a recording one line with the verdict', async () => {
    const { cwd, record } = valueService()
    const { exitCode, stdout, stderr } = await chaosHere([...record, '--quiet', ...WRITE_AND_READ], { cwd })
    expect(stderr).toBe('')
    expect(stdout).toBe('✔ record, 1 node: Linearizable\n')
    expect(exitCode).toBe(0)
  })

  const commands = {
    check: ['check', history('stale-read'), '--expect', 'linearizable'],
    run: simulated,
    fuzz: search,
    scenario: ['scenario', 'split-brain'],
    record: undefined,
  }
  const lineTitle = 'prints for %s the line that --reporter line prints'
  test.each(['check', 'run', 'record'] as const)(lineTitle, printsOneLine)
  patientTest.each(['fuzz', 'scenario'] as const)(lineTitle, printsOneLine)

  async function printsOneLine(name: keyof typeof commands): Promise<void> {
    const { cwd, record } = valueService()
    const command = commands[name] ?? record
    const told = async (...quietly: string[]) => {
      const place = name === 'run' || name === 'fuzz' ? out() : []
      const rest = name === 'record' ? WRITE_AND_READ : []
      const { exitCode, stdout, stderr } = await chaosHere([...command, ...quietly, ...place, ...rest], { cwd })
      return { exitCode, stdout, stderr }
    }
    const quiet = await told('--quiet')
    expect(quiet.stdout).toMatch(/^[^\n]+\n$/)
    expect(await told('--reporter', 'line')).toEqual(quiet)
    expect(await told('--quiet', '--reporter', 'line')).toEqual(quiet)
  }

  test('--quiet cannot be combined with --verbose', async () => {
    const { exitCode, stderr } = await chaosHere(['check', history('stale-read'), '--quiet', '--verbose'])
    expect(stderr).toBe('--quiet and --verbose exclude each other: give one.\n')
    expect(exitCode).toBe(3)
  })
})

describe('the output of --verbose on stderr', () => {
  test('--verbose names what a run starts, and when each fault begins and ends', async () => {
    const directory = temporaryDirectory()
    const { stdout, stderr } = await chaosHere([...simulated, '--verbose', '--json', '--out', directory])
    const { faults } = JSON.parse(stdout)
    expect(faults.length).toBeGreaterThan(0)
    expect(stderr.match(/^ {2}\d+\.\d{3} s {2}partition begins: id=\S+ /gm)).toHaveLength(faults.length)
    expect(stderr.match(/^ {2}\d+\.\d{3} s {2}ends: id=\S+ fault=partition hits=\d+$/gm)).toHaveLength(faults.length)
    expect(stderr).toMatch(/^ {2}target sim:raft: /m)
    expect(stderr).toContain(`record and logs in ${directory}`)
    expect(stderr).toMatch(/^ {2}verdict: linearizable/m)
  })

  test('--verbose names each checked file and its number of operations', async () => {
    const { stdout, stderr } = await chaosHere(['check', history('fresh-read'), '--verbose'])
    expect(stderr).toMatch(/ {2}checking .*fresh-read\.jsonl\n {2}checking \d+ operations of .*\n.*checked in \d+ ms\n/)
    expect(stdout).toContain('LINEARIZABLE')
  })

  patientTest('--verbose shows the progress of a search', async () => {
    const { stderr } = await chaosHere([...search, '--verbose', ...out()])
    expect(stderr).toMatch(/^ {2}2 trials of [\d,]+ steps altogether$/m)
  })
})
